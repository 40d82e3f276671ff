// libcurl for Swift.
//
// Swift does not import variadic functions, and most of curl's surface is three of them: here is
// one typed wrapper for each kind of argument they take. Enums, options and callback types import
// as they are. Relies on pkg-config libcurl, 7.88 or newer (CURLU_PUNYCODE; PREREQFUNCTION needs
// 7.80, PROTOCOLS_STR 7.85).
#ifndef BOBBIN_CCURL_SHIM_H
#define BOBBIN_CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <locale.h>

// curl_easy_setopt by kind of argument.
static inline CURLcode bobbin_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode bobbin_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode bobbin_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode bobbin_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode bobbin_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(easy, option, value);
}
// Write and header callbacks have one type.
static inline CURLcode bobbin_set_write(CURL *easy, CURLoption option, curl_write_callback value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode bobbin_set_open_socket(CURL *easy, curl_opensocket_callback value) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}
static inline CURLcode bobbin_set_before_request(CURL *easy, curl_prereq_callback value) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

// curl_easy_getinfo by kind of result.
static inline CURLcode bobbin_get_pointer(CURL *easy, CURLINFO info, void **value) {
  return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode bobbin_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

// curl_multi_setopt: only limits are set.
static inline CURLMcode bobbin_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

// The result of a finished message stands in a union, which Swift would read through a raw pointer.
static inline CURLcode bobbin_message_result(const CURLMsg *message) {
  return message->data.result;
}

// A cast macro.
static inline curl_socket_t bobbin_bad_socket(void) { return CURL_SOCKET_BAD; }

// LC_CTYPE_MASK is a macro with a shift of an enum, which does not import.
static inline locale_t bobbin_utf8_locale(void) {
  return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

#endif
