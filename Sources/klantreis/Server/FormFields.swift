import CustomerJourney
import Foundation
import Hummingbird
import NIOCore

/// Names and values of an address's query or of a form's body (`application/x-www-form-urlencoded`),
/// with a space where a form sends `+`.
struct FormFields: Equatable, Sendable {
  private(set) var fields: [(name: String, value: String)] = []

  init(_ encoded: String) {
    for pair in encoded.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first.flatMap({ Self.decoded($0) }), !name.isEmpty else { continue }
      fields.append((name, parts.count > 1 ? Self.decoded(parts[1]) ?? "" : ""))
    }
  }

  /// All values by name, in the order in which they came.
  var values: [String: [String]] {
    Dictionary(grouping: fields, by: \.name).mapValues { $0.map(\.value) }
  }

  /// The last value of a name.
  subscript(name: String) -> String? { fields.last { $0.name == name }?.value }

  private static func decoded(_ text: Substring) -> String? {
    text.replacing("+", with: " ").removingPercentEncoding
  }

  static func == (a: Self, b: Self) -> Bool {
    a.fields.elementsEqual(b.fields) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension FormFields {
  /// The fields of a form that was sent. Refuses one larger than ``Limits/requestBytes``.
  static func body(of request: Request) async throws -> FormFields {
    do {
      return FormFields(String(buffer: try await request.body.collect(upTo: Limits.requestBytes)))
    } catch is NIOTooManyBytesError {
      throw HTTPError(.contentTooLarge, message: "The form is larger than a form can be.")
    }
  }
}

extension Request {
  /// The query of the address.
  var query: FormFields { FormFields(uri.query.map { String($0) } ?? "") }
}

extension RequestContext {
  /// A part of the path, as it was before it became part of an address.
  func pathPart(_ name: String) throws -> String {
    let part = try parameters.require(name)
    guard let text = part.removingPercentEncoding else { throw HTTPError(.notFound) }
    return text
  }
}
