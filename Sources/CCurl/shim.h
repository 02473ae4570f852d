#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// Swift calls no function with a variable number of arguments: one for each kind of value.
static inline CURLcode curl_set_number(CURL *curl, CURLoption option, long value) {
  return curl_easy_setopt(curl, option, value);
}
static inline CURLcode curl_set_text(CURL *curl, CURLoption option, const char *value) {
  return curl_easy_setopt(curl, option, value);
}
static inline CURLcode curl_set_pointer(CURL *curl, CURLoption option, void *value) {
  return curl_easy_setopt(curl, option, value);
}
static inline CURLcode curl_set_list(CURL *curl, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(curl, option, value);
}
typedef size_t (*curl_bytes_function)(char *, size_t, size_t, void *);
static inline CURLcode curl_set_bytes_function(
  CURL *curl, CURLoption option, curl_bytes_function value) {
  return curl_easy_setopt(curl, option, value);
}
typedef int (*curl_talk_function)(CURL *, curl_infotype, char *, size_t, void *);
static inline CURLcode curl_set_talk_function(CURL *curl, curl_talk_function value) {
  return curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, value);
}
static inline long curl_response_code(CURL *curl) {
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  return code;
}
