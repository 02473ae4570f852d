import CustomerJourney
import Foundation

/// The OpenAPI 3.1 description of `/api/v1`, made from the questions themselves, so that it cannot
/// fall behind them.
enum OpenAPI {
  static func document(version: String) throws -> Data {
    let document = JSONValue.object([
      "openapi": "3.1.0",
      "info": [
        "title": "Klantreis", "version": .text(version),
        "description":
          "Questions over customer journeys. Shares are 0 to 1, durations are seconds, times are ISO 8601 in UTC, money is in major units of the project's currency.",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "paths": .object(
        Dictionary(
          uniqueKeysWithValues: QuestionKind.all.map { ("/api/v1/\($0.name)", path($0)) }
            + [("/api/v1/changes", changes)] + IdentityAPI.paths + ProfileAPI.paths
            + AccountAPI.paths + PrivacyAPI.paths + PlayAPI.paths)),
      "components": [
        "schemas": ["Error": errorSchema],
        "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      ],
      "security": [["token": []]],
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(document)
  }

  private static func path(_ kind: QuestionKind) -> JSONValue {
    let format = QuestionParameter(
      name: "format", summary: "The form of the answer; json when it is left out.", example: "csv",
      choices: AnswerFormat.allCases.map(\.rawValue))
    return [
      "get": [
        "operationId": .text(kind.name), "summary": .text(kind.summary),
        "parameters": .list((kind.allParameters + [format]).map(parameter)),
        "responses": [
          "200": [
            "description": "The answer.",
            "content": [
              "application/json": ["schema": kind.shape.schema],
              "text/csv": ["schema": ["type": "string"]],
              "text/plain": ["schema": ["type": "string"]],
              "image/svg+xml": ["schema": ["type": "string"]],
            ],
          ],
          "400": errorReply("A parameter cannot be used; nothing was asked."),
          "401": errorReply("Nobody is logged in, or the token is not valid."),
          "403": errorReply("The token or the role may not ask this."),
          "404": errorReply("There is no such customer or phase."),
        ],
      ]
    ]
  }

  /// Who entered or left phases and segments: no question over journeys, but a list to follow.
  private static var changes: JSONValue {
    let parameters = [
      QuestionParameter(
        name: "after", summary: "Only changes after the one of this number.", example: "1200",
        isCount: true),
      QuestionParameter(
        name: "limit", summary: "How many at most, 1 to \(Limits.changesPerPage).",
        example: "100", isCount: true),
      QuestionParameter(
        name: "subject", summary: "Only of this model or segment.",
        example: "segment:Big spenders"),
    ]
    let schema = Shape.object([
      "changes": .list(
        .object([
          "id": .whole, "subject": .text, "customer": .optional(.text), "from": .optional(.text),
          "to": .optional(.text), "happened": .text, "noticed": .text,
        ])), "last": .whole,
    ]).schema
    return [
      "get": [
        "operationId": "changes",
        "summary": "Who entered or left a phase or a segment, oldest first, each once.",
        "parameters": .list(parameters.map(parameter)),
        "responses": [
          "200": [
            "description": "The changes, and what to give as after next.",
            "content": ["application/json": ["schema": schema]],
          ],
          "400": errorReply("A parameter cannot be used."),
        ],
      ]
    ]
  }

  private static func parameter(_ parameter: QuestionParameter) -> JSONValue {
    var item: JSONValue = ["type": parameter.isCount ? "integer" : "string"]
    if !parameter.choices.isEmpty {
      item = ["type": "string", "enum": .list(parameter.choices.map { .text($0) })]
    }
    return [
      "name": .text(parameter.name), "in": "query", "description": .text(parameter.summary),
      "required": .flag(parameter.isRequired),
      "schema": parameter.isList ? ["type": "array", "items": item] : item,
      "example": parameter.isList ? [.text(parameter.example)] : .text(parameter.example),
    ]
  }

  static func errorReply(_ description: String) -> JSONValue {
    [
      "description": .text(description),
      "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
    ]
  }

  private static let errorSchema: JSONValue =
    Shape.object(["code": .text, "message": .text, "detail": .text]).schema
}

/// The form of an answer's JSON.
indirect enum Shape: Sendable {
  case text, whole, number, flag
  /// A text, a number or a flag.
  case scalar
  case list(Shape)
  /// Null or left out when there is no such value.
  case optional(Shape)
  case object([String: Shape])
  /// An object of any keys.
  case open

  var schema: JSONValue {
    switch self {
    case .text: return ["type": "string"]
    case .whole: return ["type": "integer"]
    case .number: return ["type": "number"]
    case .flag: return ["type": "boolean"]
    case .scalar:
      return ["anyOf": [Shape.text.schema, Shape.number.schema, Shape.flag.schema]]
    case .list(let item): return ["type": "array", "items": item.schema]
    case .optional(let shape): return ["anyOf": [shape.schema, ["type": "null"]]]
    case .open: return ["type": "object"]
    case .object(let keys):
      let required = keys.filter { if case .optional = $0.value { false } else { true } }
      return [
        "type": "object", "properties": .object(keys.mapValues(\.schema)),
        "required": .list(required.keys.sorted().map { .text($0) }),
      ]
    }
  }
}

extension QuestionKind {
  /// The form of this question's answer.
  var shape: Shape {
    switch name {
    case "map":
      .object([
        "model": .text, "customers": .whole, "touchpoints": .whole,
        "phases": .list(
          .object([
            "id": .text, "customers": .whole, "touchpoints": .whole, "entered": .whole,
            "medianDwellSeconds": .optional(.number), "next": .list(Self.next),
            "channels": .list(
              .object(["channel": .text, "touchpoints": .whole, "customers": .whole])),
            "content": .list(
              .object(["content": .text, "touchpoints": .whole, "customers": .whole])),
            "dwell": .list(.object(["fromSeconds": .number, "stays": .whole])),
          ])),
        "flows": .list(
          .object([
            "fromPhase": .text, "fromChannel": .text, "toPhase": .text, "toChannel": .text,
            "customers": .whole,
          ])),
      ])
    case "phase":
      .object([
        "model": .text, "phase": .text, "customers": .whole, "touchpoints": .whole,
        "entered": .whole, "medianDwellSeconds": .optional(.number), "value": .number,
        "currency": .text, "foreignValues": .whole, "before": .list(Self.next),
        "after": .list(Self.next),
        "channels": .list(Self.use), "origins": .list(Self.use), "devices": .list(Self.use),
        "events": .list(Self.use), "content": .list(Self.use), "campaigns": .list(Self.use),
        "rules": .list(.object(["rule": .whole, "touchpoints": .whole])),
        "dwell": .list(.object(["fromSeconds": .number, "stays": .whole])),
      ])
    case "transitions":
      .object([
        "by": .text,
        "rows": .list(.object(["from": .text, "to": .text, "count": .whole])),
      ])
    case "paths":
      .object([
        "by": .text, "foreignValues": .whole,
        "rows": .list(
          .object([
            "path": .list(.text), "customers": .whole, "conversions": .whole, "value": .number,
          ])),
      ])
    case "funnel":
      .object([
        "steps": .list(.object(["name": .text, "customers": .whole])), "withinSeconds": .whole,
      ])
    case "related":
      .object([
        "baskets": .whole, "crowded": .whole, "customers": .whole,
        "rows": .list(
          .object([
            "content": .text, "related": .text, "baskets": .whole, "support": .number,
            "confidence": .number, "lift": .number,
          ])),
      ])
    case "segment":
      .object([
        "rule": .text, "customers": .whole, "members": .whole,
        "history": .list(.object(["at": .text, "customers": .whole, "members": .whole])),
      ])
    case "journey":
      .object([
        "customer": .text, "model": .text, "firstTime": .optional(.text),
        "lastTime": .optional(.text), "total": .whole,
        "touchpoints": .list(
          .object([
            "time": .text, "localTime": .text, "phase": .text, "rule": .optional(.whole),
            "because": .open, "cycle": .whole, "gapSeconds": .optional(.number), "event": .text,
            "channel": .text, "origin": .optional(.text), "campaign": .optional(.text),
            "device": .optional(.text), "content": .optional(.text), "value": .optional(.number),
            "currency": .optional(.text), "source": .text, "properties": .open,
          ])),
      ])
    case "accounts": AccountAPI.list
    default: .open
    }
  }

  private static let next = Shape.object([
    "to": .text, "customers": .whole, "medianSeconds": .optional(.number),
  ])
  private static let use = Shape.object([
    "name": .text, "touchpoints": .whole, "customers": .whole,
  ])
}

/// JSON as a value, for documents whose keys are data.
indirect enum JSONValue: Encodable, Sendable, ExpressibleByStringLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
  case text(String)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])

  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .flag(let flag): try container.encode(flag)
    case .list(let list): try container.encode(list)
    case .object(let object): try container.encode(object)
    }
  }
}
