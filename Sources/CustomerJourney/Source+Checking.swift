/// Why a name or a key of a source cannot be used.
package enum SourceTextProblem: Error, Hashable, CustomStringConvertible {
  case emptyName, longName, nameCharacters, emptyKey, longKey, keyCharacters

  package var description: String {
    switch self {
    case .emptyName: "The source has no name; give it one such as shop or newsletter."
    case .longName:
      "The source's name is longer than \(Limits.sourceNameCharacters) characters; shorten it."
    case .nameCharacters:
      "The source's name has a character that no name can have; use letters, digits, spaces, and "
        + "signs such as - and _, and begin with a letter or a digit."
    case .emptyKey: "The write key is empty; give one, or leave it out and one is made."
    case .longKey:
      "The write key is longer than \(Limits.writeKeyCharacters) characters; choose a shorter one."
    case .keyCharacters:
      "The write key has a character that clients cannot send; use visible ASCII characters "
        + "without spaces and colons."
    }
  }
}

extension Source {
  /// The name without white space around it, when it can be one: up to
  /// ``Limits/sourceNameCharacters`` letters, digits, spaces and signs, the first a letter or a
  /// digit, and no slash, so that it can stand in an address.
  package static func checked(name: String) throws(SourceTextProblem) -> String {
    let name = name.trimmed
    guard let first = name.first else { throw .emptyName }
    guard name.unicodeScalars.count <= Limits.sourceNameCharacters else { throw .longName }
    let isGood =
      (first.isLetter || first.isNumber)
      && name.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
          .paragraphSeparator:
          false
        default: scalar != "/" && scalar != "\\"
        }
      }
    guard isGood else { throw .nameCharacters }
    return name
  }

  /// The key without white space around it, when clients can send it: up to
  /// ``Limits/writeKeyCharacters`` visible ASCII characters, and no colon, for Basic authorization
  /// ends a key there.
  package static func checked(writeKey: String) throws(SourceTextProblem) -> String {
    let key = writeKey.trimmed
    guard !key.isEmpty else { throw .emptyKey }
    guard key.utf8.count <= Limits.writeKeyCharacters else { throw .longKey }
    guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }) else {
      throw .keyCharacters
    }
    return key
  }

  private static let keyCharacters = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  /// A key of 32 characters that can stand in an address, with 192 bits of chance.
  package static func randomKey(using random: inout some RandomNumberGenerator) -> String {
    String((0..<32).map { _ in keyCharacters[Int(random.next() & 63)] })
  }
}
