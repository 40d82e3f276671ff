// libxml2 for Swift: the SAX interface of its XML and HTML parsers, and URI resolution.
//
// Relies on pkg-config libxml-2.0. Debian builds libxml2 with ICU, whose headers clash with Foundation's own copy
// ('UErrorCode' has different definitions), so the ICU switch is cleared before the other headers are read.
#ifndef BOBBIN_CXML2_SHIM_H
#define BOBBIN_CXML2_SHIM_H

#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <string.h>

// xmlFree is a mutable global, which Swift 6 refuses to touch.
static inline void bobbin_xml_free(void *pointer) {
  if (pointer) xmlFree(pointer);
}

// A context whose callbacks are all absent. libxml2's defaults would build a tree and read DTDs; an absent callback
// does neither, so what is not set after this call does not happen.
static inline xmlParserCtxtPtr bobbin_xml_context(const char *bytes, int count) {
  xmlParserCtxtPtr context = xmlCreateMemoryParserCtxt(bytes, count);
  if (!context) return NULL;
  memset(context->sax, 0, sizeof(xmlSAXHandler));
  context->sax->initialized = XML_SAX2_MAGIC;
  // NONET only. Never NOENT, DTDLOAD, DTDATTR, XINCLUDE, HUGE or RECOVER.
  xmlCtxtUseOptions(context, XML_PARSE_NONET);
  return context;
}

static inline htmlParserCtxtPtr bobbin_html_context(void) {
  htmlParserCtxtPtr context = htmlNewParserCtxt();
  if (context) memset(context->sax, 0, sizeof(xmlSAXHandler));
  return context;
}

#endif
