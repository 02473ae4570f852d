import CustomerJourney

/// The part of the OpenAPI description that is about accounts (B2B).
enum AccountAPI {
  static var paths: [(String, JSONValue)] {
    [
      ("/api/v1/accounts/{key}", ["get": reading]),
      (
        "/api/v1/accounts/{key}/add",
        ["post": acting("addMember", "Make a customer a member of this account.")]
      ),
      (
        "/api/v1/accounts/{key}/remove",
        ["post": acting("removeMember", "Take a customer out, whoever said that it belongs here.")]
      ),
      (
        "/api/v1/accounts/{key}/undo",
        ["post": acting("undoMember", "Take back what was decided last of a customer here.")]
      ),
    ]
  }

  private static var reading: JSONValue {
    [
      "operationId": "account",
      "summary": "One company: its people and their roles, engagement and phase, and why.",
      "parameters": [key], "responses": responses,
    ]
  }

  private static func acting(_ name: String, _ summary: String) -> JSONValue {
    [
      "operationId": .text(name), "summary": .text(summary), "parameters": [key],
      "requestBody": [
        "required": .flag(true),
        "content": ["application/json": ["schema": Shape.object(["customer": .text]).schema]],
      ],
      "responses": responses,
    ]
  }

  private static let key: JSONValue = [
    "name": "key", "in": "path", "description": "The account's key.", "required": .flag(true),
    "schema": ["type": "string"], "example": "acme",
  ]

  private static var responses: JSONValue {
    [
      "200": [
        "description": "How the account stands now.",
        "content": ["application/json": ["schema": shape.schema]],
      ],
      "400": OpenAPI.errorReply("The request cannot be read; nothing was changed."),
      "404": OpenAPI.errorReply("There is no such account or customer."),
      "409": OpenAPI.errorReply("There is nothing to change."),
    ]
  }

  private static let person = Shape.object([
    "number": .whole, "customer": .text, "roles": .list(.text), "from": .optional(.text),
    "until": .optional(.text), "isMember": .flag, "phase": .optional(.text),
    "furthest": .optional(.text), "touchpoints": .whole, "lastTime": .optional(.text),
    "points": .number, "roleWeight": .number,
    "actions": .list(.object(["event": .text, "touchpoints": .whole, "points": .number])),
  ])

  private static let standing = Shape.object([
    "key": .text, "name": .text, "domains": .list(.text), "members": .whole, "touchpoints": .whole,
    "lastTime": .optional(.text), "missingRoles": .list(.text), "completeness": .optional(.number),
    "engagement": .number, "points": .number, "phase": .optional(.text),
    "phaseRoles": .list(.object(["role": .text, "phase": .text])), "openValue": .number,
    "openDeals": .whole, "wonValue": .number, "currency": .text, "people": .list(person),
  ])

  static let list = Shape.object([
    "model": .text, "at": .text, "total": .whole, "rows": .list(standing),
  ])

  private static let shape = Shape.object([
    "model": .text, "at": .text, "account": standing, "traits": .open,
    "evidence": .list(
      .object([
        "customer": .text,
        "reasons": .list(
          .object([
            "key": .text, "way": .text, "source": .optional(.text), "messageId": .optional(.text),
            "claimant": .text, "happened": .optional(.text), "counts": .flag,
          ])),
      ])),
    "settings": .open,
  ])
}
