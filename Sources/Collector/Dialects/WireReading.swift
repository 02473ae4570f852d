import Crypto
import CustomerJourney

/// Readers of the forms in which several protocols write the same thing.
enum Wire {
  /// A body that must be JSON; what is none refuses the whole request.
  static func json<Result>(
    _ body: [UInt8], _ read: (JSONNode) throws -> Result
  ) throws -> Result {
    do {
      return try JSONDocument.read(body, read)
    } catch let problem as JSONProblem {
      throw Refusal.malformed(reason: "its JSON is damaged: \(problem.reason)")
    }
  }

  /// A text inside a text; what is no JSON spoils the event that holds it.
  static func json<Result>(
    _ text: String, of field: StaticString, _ read: (JSONNode) throws -> Result
  ) throws -> Result {
    do {
      return try JSONDocument.read(text, read)
    } catch is JSONProblem {
      throw EventFault("has \(field) that is no JSON")
    }
  }

  /// Runs over the elements of a batch; throws when they are more than a request may have.
  static func elements(_ list: JSONNode, _ body: (Int, JSONNode) throws -> Void) throws {
    var index = 0
    try list.forEachElement { element in
      guard index < Limits.collectedEvents else {
        throw Refusal.tooMany(events: Limits.collectedEvents)
      }
      try body(index, element)
      index += 1
    }
  }

  /// A fault where one event of a large body is larger than an event may be.
  static func measure(_ event: JSONNode, in body: [UInt8]) throws {
    guard body.count > Limits.eventBytes else { return }
    if event.byteCount > Limits.eventBytes { throw tooLarge }
  }

  static let tooLarge = EventFault("is larger than \(Limits.eventBytes) bytes")

  static func number(_ text: String, _ field: StaticString) throws(EventFault) -> Double {
    guard let number = Double(text), number.isFinite else {
      throw EventFault("has \(field) that is no number")
    }
    return number
  }

  /// A number where the text spells one, else the text: for fields that protocols leave open.
  static func value(_ text: String) -> PropertyValue {
    guard let first = text.utf8.first, first < 58, first > 44, text.utf8.count < 16,
      let number = Double(text), PropertyValue.number(number).description == text
    else { return .text(text) }
    return .number(number)
  }

  /// Milliseconds since 1970.
  static func moment(
    milliseconds text: String, _ field: StaticString
  ) throws(EventFault) -> Timestamp {
    guard let milliseconds = Int64(text) else {
      throw EventFault("has \(field) that is no time in milliseconds")
    }
    return Timestamp(milliseconds: milliseconds)
  }

  /// The texts' digest in 32 hexadecimal characters. Where one text ends and the next begins counts.
  static func digest(_ texts: String...) -> String {
    var hash = SHA256()
    for text in texts {
      hash.update(data: Array(text.utf8))
      hash.update(data: [0])
    }
    return hash.finalize().prefix(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// A query or form without the parameters of these names, otherwise as it came.
  static func query(_ query: String, leavingOut names: Set<String>) -> String {
    query.split(separator: "&").filter { part in
      !names.contains(QueryParameters.decoded(part.prefix { $0 != "=" }))
    }.joined(separator: "&")
  }
}

extension JSONNode {
  /// A number, a text that spells one, or nil for null; anything else is a fault.
  func number(_ field: StaticString) throws -> Double? {
    if let number = spelledNumber { return number }
    guard isNull else { throw EventFault("has \(field) that is no number") }
    return nil
  }
}
