package import CustomerJourney
import Foundation

/// What a template can fill in: the shape of JSON.
package indirect enum ContentValue: Hashable, Sendable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([ContentValue])
  case object([String: ContentValue])

  /// Of a JSON text; nil when it is none.
  package init?(json: String) {
    guard
      let any = try? JSONSerialization.jsonObject(
        with: Data(json.utf8), options: [.fragmentsAllowed])
    else { return nil }
    self.init(any)
  }

  private init?(_ any: Any) {
    switch any {
    case let text as String: self = .text(text)
    case let number as NSNumber:
      // Both are numbers to Foundation; only flags come from true and false.
      self = CFBooleanProbe.isFlag(number) ? .flag(number.boolValue) : .number(number.doubleValue)
    case let list as [Any]: self = .list(list.compactMap { ContentValue($0) })
    case let object as [String: Any]: self = .object(object.compactMapValues { ContentValue($0) })
    default: return nil
    }
  }

  package init(_ value: PropertyValue) {
    switch value {
    case .text(let text): self = .text(text)
    case .number(let number): self = .number(number)
    case .flag(let flag): self = .flag(flag)
    }
  }

  /// As it stands in a text; nil for what has no one text, and for an empty one.
  package var filled: String? {
    switch self {
    case .text(let text): text.isEmpty ? nil : text
    case .number(let number): PropertyValue.number(number).description
    case .flag(let flag): flag ? "true" : "false"
    case .list, .object: nil
    }
  }

  /// Whether a section over it is shown.
  var holds: Bool {
    switch self {
    case .text(let text): !text.isEmpty
    case .number: true
    case .flag(let flag): flag
    case .list(let items): !items.isEmpty
    case .object: true
    }
  }

  package subscript(name: String) -> ContentValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  /// Both objects' members; of a name in both the other's.
  package func overlaid(by other: ContentValue) -> ContentValue {
    guard case .object(let mine) = self, case .object(let theirs) = other else { return other }
    return .object(mine.merging(theirs) { _, new in new })
  }
}

private enum CFBooleanProbe {
  static func isFlag(_ number: NSNumber) -> Bool {
    // `c` is how Foundation encodes a Boolean; its numbers from JSON are `q` and `d`.
    String(cString: number.objCType) == "c"
  }
}
