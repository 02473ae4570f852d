#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

struct json_parser {
  simdjson::dom::parser parser;
};

json_parser *json_parser_new(size_t depth) {
  auto *made = new (std::nothrow) json_parser;
  if (made && made->parser.allocate(65536, depth) != simdjson::SUCCESS) {
    delete made;
    return nullptr;
  }
  return made;
}

void json_parser_free(json_parser *parser) { delete parser; }

int json_parser_parse(json_parser *parser, const uint8_t *bytes, size_t length) {
  return static_cast<int>(parser->parser.parse(bytes, length, true).error());
}

const char *json_error_text(int error) {
  return simdjson::error_message(static_cast<simdjson::error_code>(error));
}

const uint64_t *json_parser_tape(const json_parser *parser) { return parser->parser.doc.tape.get(); }

const uint8_t *json_parser_texts(const json_parser *parser) {
  return parser->parser.doc.string_buf.get();
}
