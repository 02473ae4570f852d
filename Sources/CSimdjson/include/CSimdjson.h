#ifndef KLANTREIS_CSIMDJSON_H
#define KLANTREIS_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser of simdjson with the document that it parsed last.
typedef struct json_parser json_parser;

/// Null when there is no memory. A document nested deeper than `depth` is an error.
json_parser *json_parser_new(size_t depth);
void json_parser_free(json_parser *parser);

/// Parses a whole document and returns 0, or a number that `json_error_text` explains.
int json_parser_parse(json_parser *parser, const uint8_t *bytes, size_t length);
const char *json_error_text(int error);

/// The document as simdjson's tape (doc/tape.md of simdjson describes its words) and the texts that
/// it points into. Valid until the parser parses again or is freed.
const uint64_t *json_parser_tape(const json_parser *parser);
const uint8_t *json_parser_texts(const json_parser *parser);

#ifdef __cplusplus
}
#endif
#endif
