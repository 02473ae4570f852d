import CustomerJourney

/// The part of the OpenAPI description that is about plays and the work that they give.
enum PlayAPI {
  static var paths: [(String, JSONValue)] {
    [
      ("/api/v1/plays", ["get": listing]), ("/api/v1/plays/{id}", ["get": reading]),
      ("/api/v1/plays/{id}/dry-run", ["get": lookingBack]),
      ("/api/v1/plays/{id}/on", ["post": switchingOn]),
      ("/api/v1/plays/{id}/off", ["post": switchingOff]),
      ("/api/v1/tasks", ["get": working]), ("/api/v1/tasks/{id}/done", ["post": finishing]),
    ]
  }

  private static var listing: JSONValue {
    reply(
      "plays", "All plays, whether they are on, and what they do.", [],
      .object(["plays": .list(listed)]))
  }

  private static var reading: JSONValue {
    reply("play", "One play, its file, and what it brings.", [id], detail)
  }

  private static var lookingBack: JSONValue {
    reply(
      "dryRun", "Who would have got what in a period that is over.",
      [
        id, query("from", "First day; 30 days before the end when left out.", "2026-01-01"),
        query("to", "Last day; that of the data when left out.", "2026-01-31"),
      ], dryRun)
  }

  private static var switchingOn: JSONValue {
    [
      "operationId": "switchPlayOn",
      "summary":
        "Switch a play on. Without sure it says whom it would reach, and changes nothing.",
      "parameters": [id],
      "requestBody": [
        "required": .flag(true),
        "content": ["application/json": ["schema": Shape.object(["sure": .flag]).schema]],
      ],
      "responses": responses(detail),
    ]
  }

  private static var switchingOff: JSONValue {
    reply("switchPlayOff", "Switch a play off; who is on the way is let go.", [id], detail)
  }

  private static var working: JSONValue {
    reply(
      "tasks", "Work that plays gave to persons, what is open first.",
      [query("state", "open or all; open when it is left out.", "open")], tasks)
  }

  private static var finishing: JSONValue {
    let number: JSONValue = [
      "name": "id", "in": "path", "description": "The task's number.", "required": .flag(true),
      "schema": ["type": "integer"], "example": "12",
    ]
    return reply(
      "finishTask", "Note that a task was done; answers what is still open.", [number], tasks)
  }

  private static func reply(
    _ name: String, _ summary: String, _ parameters: [JSONValue], _ shape: Shape
  ) -> JSONValue {
    [
      "operationId": .text(name), "summary": .text(summary), "parameters": .list(parameters),
      "responses": responses(shape),
    ]
  }

  private static func responses(_ shape: Shape) -> JSONValue {
    [
      "200": [
        "description": "How it stands now.",
        "content": ["application/json": ["schema": shape.schema]],
      ],
      "400": OpenAPI.errorReply("The request cannot be read; nothing was changed."),
      "404": OpenAPI.errorReply("There is no such play or open task."),
      "409": OpenAPI.errorReply(
        "The play cannot be used so, or wants to be told that one is sure."),
    ]
  }

  private static func query(_ name: String, _ summary: String, _ example: String) -> JSONValue {
    [
      "name": .text(name), "in": "query", "description": .text(summary), "required": .flag(false),
      "schema": ["type": "string"], "example": .text(example),
    ]
  }

  private static let id: JSONValue = [
    "name": "id", "in": "path", "description": "The play's id.", "required": .flag(true),
    "schema": ["type": "string"], "example": "abandoned-basket",
  ]

  private static let words = Shape.object(["en": .text, "nl": .optional(.text)])
  private static let listed = Shape.object([
    "id": .text, "name": words, "about": .optional(words), "cell": .optional(.text),
    "isOn": .flag, "version": .optional(.whole), "problem": .optional(.text), "onTheWay": .whole,
    "messages": .open,
  ])

  private static let group = Shape.object([
    "customers": .whole, "converted": .whole, "value": .number, "squares": .number,
  ])
  private static let interval = Shape.object([
    "estimate": .number, "low": .number, "high": .number,
  ])
  private static let detail = Shape.object([
    "play": listed, "yaml": .text,
    "results": .optional(
      .object([
        "play": .text, "entered": .whole, "heldOut": .whole, "complete": .whole,
        "currency": .text,
        "variants": .list(
          .object([
            "name": .text, "entered": .whole, "messages": .open, "opened": .whole,
            "clicked": .whole, "lift": .object(["treated": group, "heldOut": group]),
            "verdict": .text, "conversion": .optional(interval),
            "valuePerCustomer": .optional(interval),
          ])),
      ])),
  ])

  private static let dryRun = Shape.object([
    "play": .text, "from": .text, "to": .text, "customers": .whole, "entered": .whole,
    "heldOut": .whole, "reached": .whole,
    "steps": .list(.object(["step": .text, "due": .whole, "sent": .whole, "skipped": .open])),
    "exits": .list(.object(["reason": .text, "count": .whole])),
    "sample": .list(.object(["customer": .whole, "entered": .text, "sent": .list(.text)])),
  ])

  private static let tasks = Shape.object([
    "tasks": .list(
      .object([
        "id": .whole, "play": .text, "customer": .optional(.text), "text": words,
        "created": .text, "done": .optional(.text),
      ]))
  ])
}
