import CustomerJourney

/// Remembers what a spelling means, because finding it out takes longer than reading the row.
struct Memo<Value> {
  private var known: [String: Value] = [:]
  private let names: [String: String]
  private let make: (String) -> Value

  /// `names` translates spellings, whatever their case and dashes, before `make` sees them.
  init(_ names: [String: String], make: @escaping (String) -> Value) {
    self.names = Dictionary(
      names.map { (Vocabulary.key($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    self.make = make
  }

  subscript(spelling: String) -> Value {
    mutating get {
      if let value = known[spelling] { return value }
      let value = make(names[Vocabulary.key(spelling)] ?? spelling)
      // A column with ever new names must not fill the memory.
      if known.count >= Limits.knownSpellings { known = [:] }
      known[spelling] = value
      return value
    }
  }
}
