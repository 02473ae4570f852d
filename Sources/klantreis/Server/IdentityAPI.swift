import CustomerJourney

/// The part of the OpenAPI description that is about who is who.
enum IdentityAPI {
  static var paths: [(String, JSONValue)] {
    [
      ("/api/v1/customers/{key}/identities", ["get": reading]),
      (
        "/api/v1/customers/{key}/join",
        ["post": acting("join", "Make this customer and another one. This key's stays, if alike.")]
      ),
      (
        "/api/v1/customers/{key}/part",
        ["post": acting("part", "Take back that two keys are one customer's.")]
      ),
      ("/api/v1/customers/{key}/unpart", ["post": acting("unpart", "Take back a part.")]),
    ]
  }

  private static var reading: JSONValue {
    [
      "operationId": "identities",
      "summary": "The keys of a customer, and why each is one.",
      "parameters": [key],
      "responses": responses,
    ]
  }

  private static func acting(_ name: String, _ summary: String) -> JSONValue {
    [
      "operationId": .text(name), "summary": .text(summary), "parameters": [key],
      "requestBody": [
        "required": .flag(true),
        "content": [
          "application/json": ["schema": Shape.object(["with": .text]).schema]
        ],
      ],
      "responses": responses,
    ]
  }

  private static let key: JSONValue = [
    "name": "key", "in": "path", "description": "Any key of the customer.",
    "required": .flag(true), "schema": ["type": "string"], "example": "4711",
  ]

  private static var responses: JSONValue {
    [
      "200": [
        "description": "Who the customer is now.",
        "content": ["application/json": ["schema": shape.schema]],
      ],
      "400": OpenAPI.errorReply("The body cannot be read; nothing was changed."),
      "404": OpenAPI.errorReply("Nobody was ever named by that key."),
      "409": OpenAPI.errorReply("There is nothing to join or part."),
    ]
  }

  private static let reason = Shape.object([
    "key": .text, "other": .text, "claimant": .text, "source": .optional(.text),
    "messageId": .optional(.text), "happened": .text, "state": .text,
  ])

  static let shape = Shape.object([
    "customer": .text,
    "identities": .list(
      .object([
        "key": .text, "kind": .text,
        "periods": .list(.object(["from": .optional(.text), "to": .optional(.text)])),
        "reasons": .list(reason),
      ])),
    "apart": .list(reason),
    "alarms": .list(.object(["key": .text, "reason": .text])),
  ])
}
