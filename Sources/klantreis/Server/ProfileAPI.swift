import CustomerJourney

/// The part of the OpenAPI description that is about profiles.
enum ProfileAPI {
  static var paths: [(String, JSONValue)] {
    [
      ("/api/v1/customers", ["get": searching]), ("/api/v1/customers/{key}", ["get": reading]),
      ("/api/v1/customers/{key}/traits", ["post": changing]), ("/api/v1/traits", ["get": listing]),
    ]
  }

  private static func parameter(
    _ name: String, _ summary: String, _ example: String, isList: Bool = false
  ) -> JSONValue {
    [
      "name": .text(name), "in": "query", "description": .text(summary), "required": .flag(false),
      "schema": isList ? ["type": "array", "items": ["type": "string"]] : ["type": "string"],
      "example": isList ? [.text(example)] : .text(example),
    ]
  }

  private static var searching: JSONValue {
    let filter = QuestionParameter.common.map { parameter($0.name, $0.summary, $0.example) }
    return [
      "operationId": "customers",
      "summary": "Customers that a filter leaves, or who fit to a search, with why.",
      "parameters": .list(
        [
          parameter(
            "q", "What to search for: a name, an address, a key, a company, an order.", "anna"),
          parameter("column", "A calculated trait to show.", "orders", isList: true),
          parameter("page", "Which page, from 1.", "1"),
          parameter("limit", "How many on a page, 1 to \(Limits.customersFound).", "50"),
          parameter("format", "json, csv or text.", "csv"),
        ] + filter),
      "responses": [
        "200": [
          "description": "A page of customers.",
          "content": [
            "application/json": ["schema": list.schema],
            "text/csv": ["schema": ["type": "string"]],
            "text/plain": ["schema": ["type": "string"]],
          ],
        ],
        "400": OpenAPI.errorReply("A parameter cannot be used; nothing was asked."),
      ],
    ]
  }

  private static var reading: JSONValue {
    [
      "operationId": "customer", "summary": "All that is known of a customer.",
      "parameters": [
        key,
        parameter(
          "to", "Last day or moment at which it is asked; else the last touchpoint of all.",
          "2017-12-31"),
      ],
      "responses": profileReply,
    ]
  }

  private static var changing: JSONValue {
    [
      "operationId": "changeTraits",
      "summary": "Set traits by hand, say that they are not so, or take either back.",
      "parameters": [key],
      "requestBody": [
        "required": .flag(true),
        "content": [
          "application/json": [
            "schema": Shape.object([
              "set": .optional(.open), "remove": .optional(.list(.text)),
              "takeBack": .optional(.list(.text)),
            ]).schema
          ]
        ],
      ],
      "responses": profileReply,
    ]
  }

  private static var listing: JSONValue {
    [
      "operationId": "traits", "summary": "The calculated traits that there are.",
      "responses": [
        "200": [
          "description": "Names, and definitions of own ones.",
          "content": [
            "application/json": [
              "schema": Shape.object([
                "traits": .list(.object(["name": .text, "definition": .optional(.text)]))
              ]).schema
            ]
          ],
        ]
      ],
    ]
  }

  private static let key: JSONValue = [
    "name": "key", "in": "path", "description": "Any key of the customer.",
    "required": .flag(true), "schema": ["type": "string"], "example": "4711",
  ]

  private static var profileReply: JSONValue {
    [
      "200": [
        "description": "The customer as known now.",
        "content": ["application/json": ["schema": profile.schema]],
      ],
      "400": OpenAPI.errorReply("The request cannot be read; nothing was changed."),
      "404": OpenAPI.errorReply("Nobody was ever named by that key."),
      "409": OpenAPI.errorReply("The trait cannot be changed so."),
    ]
  }

  private static let value = Shape.object([
    "name": .text, "value": .optional(.scalar), "form": .text, "problem": .optional(.text),
  ])

  private static let list = Shape.object([
    "customers": .list(
      .object([
        "customer": .text, "name": .optional(.text), "touchpoints": .whole,
        "first": .optional(.text), "last": .optional(.text), "phase": .optional(.text),
        "value": .optional(.number), "calculated": .list(value),
        "because": .list(.object(["field": .text, "name": .text, "text": .text])),
      ])), "total": .whole, "isCut": .flag, "currency": .text,
  ])

  private static let said = Shape.object([
    "at": .text, "claimant": .optional(.text), "source": .text, "identity": .text,
  ])

  private static let profile = Shape.object([
    "customer": .text, "name": .optional(.text), "at": .text, "currency": .text,
    "traits": .list(
      .object([
        "name": .text, "value": .optional(.scalar), "said": said,
        "earlier": .list(.object(["value": .optional(.scalar), "said": said])),
      ])),
    "calculated": .list(value),
    "phases": .list(
      .object(["model": .text, "phase": .text, "because": .open, "since": .text])),
    "segments": .list(.object(["name": .text, "since": .optional(.text)])),
    "accounts": .list(.object(["id": .text, "name": .optional(.text)])),
    "identities": .optional(IdentityAPI.shape),
    "last": .list(
      .object([
        "time": .text, "event": .text, "channel": .text, "content": .optional(.text),
        "value": .optional(.number),
      ])),
    "basket": .optional(
      .object([
        "changed": .text,
        "items": .list(
          .object(["content": .text, "count": .whole, "value": .optional(.number)])),
      ])),
  ])
}
