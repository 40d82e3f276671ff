// poppler-glib for Swift: page text with its geometry, outline and document information; and GLib's NFC.
//
// Relies on pkg-config poppler-glib. GLib's cast macros, TRUE and the error domain are macros that do not import.
#ifndef BOBBIN_CPOPPLER_SHIM_H
#define BOBBIN_CPOPPLER_SHIM_H

#include <glib.h>
#include <poppler.h>

// g_object_unref takes a gpointer, and Swift's opaque pointers need a cast that reads badly at each call.
static inline void bobbin_unref(void *object) {
  if (object) g_object_unref(object);
}

// POPPLER_ERROR is a macro around a function call.
static inline int bobbin_is_encrypted(const GError *error) {
  return error && error->domain == poppler_error_quark() &&
         error->code == POPPLER_ERROR_ENCRYPTED;
}

// PopplerAction is a union, whose members Swift cannot tell apart.
static inline const char *bobbin_action_title(const PopplerAction *action) {
  return action ? action->any.title : NULL;
}

// The page number of a "go to" action, 0 when it leads elsewhere; named destinations are looked up.
static inline int bobbin_action_page(PopplerDocument *document, const PopplerAction *action) {
  if (!action || action->type != POPPLER_ACTION_GOTO_DEST || !action->goto_dest.dest) return 0;
  const PopplerDest *dest = action->goto_dest.dest;
  if (dest->type != POPPLER_DEST_NAMED) return dest->page_num;
  if (!dest->named_dest) return 0;
  PopplerDest *found = poppler_document_find_dest(document, dest->named_dest);
  int page = found ? found->page_num : 0;
  if (found) poppler_dest_free(found);
  return page;
}

// poppler and GLib complain on standard error about every odd file; the caller reports warnings of its own.
static inline void bobbin_ignore_log(const char *domain, GLogLevelFlags level, const char *message,
                                     void *unused) {
  (void)domain; (void)level; (void)message; (void)unused;
}
static inline void bobbin_silence_glib(void) {
  g_log_set_default_handler(bobbin_ignore_log, NULL);
}

#endif
