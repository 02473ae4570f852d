import CustomerJourney

/// The part of the OpenAPI description that is about consent and privacy.
enum PrivacyAPI {
  static var paths: [(String, JSONValue)] {
    [
      ("/api/v1/customers/{key}/consents", ["get": reading, "post": noting]),
      ("/api/v1/customers/{key}/export", ["get": exporting]),
      ("/api/v1/customers/{key}/erase", ["post": erasing]),
    ]
  }

  private static var reading: JSONValue {
    [
      "operationId": "consents", "summary": "What a customer allows, and all that was said of it.",
      "parameters": [key], "responses": replies(consents),
    ]
  }

  private static var noting: JSONValue {
    [
      "operationId": "noteConsent", "summary": "Write down what a customer said.",
      "parameters": [key],
      "requestBody": [
        "required": .flag(true),
        "content": [
          "application/json": [
            "schema": Shape.object([
              "purpose": .text, "channel": .text, "answer": .text, "how": .text,
              "conditions": .optional(.list(.text)),
            ]).schema
          ]
        ],
      ],
      "responses": replies(consents),
    ]
  }

  private static var exporting: JSONValue {
    [
      "operationId": "accessExport",
      "summary": "All that is known of a customer. No token may; an owner who is logged in may.",
      "parameters": [key], "responses": replies(.object(["customer": .text, "made": .text])),
    ]
  }

  private static var erasing: JSONValue {
    let journey: JSONValue = [
      "name": "journey", "in": "query",
      "description": "remove takes the touchpoints too; else they stay as those of nobody.",
      "required": .flag(false), "schema": ["type": "string"], "example": "remove",
    ]
    return [
      "operationId": "erase",
      "summary": "Forget a customer for good. No token may; an owner who is logged in may.",
      "parameters": [key, journey],
      "responses": replies(
        .object([
          "receipt": .text, "asked": .text, "by": .text, "keepsJourney": .flag,
          "finished": .optional(.text), "backupsUntil": .optional(.text),
        ])),
    ]
  }

  private static let key: JSONValue = [
    "name": "key", "in": "path", "description": "Any key of the customer.",
    "required": .flag(true), "schema": ["type": "string"], "example": "4711",
  ]

  private static func replies(_ shape: Shape) -> JSONValue {
    [
      "200": [
        "description": "It is done, or how it is.",
        "content": ["application/json": ["schema": shape.schema]],
      ],
      "400": OpenAPI.errorReply("Something in the body cannot be used; nothing was changed."),
      "404": OpenAPI.errorReply("Nobody was ever named by that key."),
    ]
  }

  private static let entry = Shape.object([
    "key": .text, "purpose": .text, "channel": .text, "state": .text, "happened": .text,
    "received": .text, "means": .text, "by": .text, "page": .optional(.text),
    "words": .optional(.text), "version": .optional(.text),
  ])

  private static let consents = Shape.object([
    "customer": .text,
    "consents": .list(
      .object([
        "grant": .object(["channel": .text, "purpose": .text]), "isAllowed": .flag,
        "deciding": .optional(entry),
      ])),
    "entries": .list(entry),
  ])
}
