import CustomerJourney
import Synchronization

/// Remembers what was worked out of a text, so that a text that comes again costs one look-up.
///
/// For functions of the text alone. Holds at most ``Limits/knownSpellings``; then it begins to learn
/// again, so that somebody who sends ever new texts costs time but no memory.
final class Remembered<Value: Sendable>: Sendable {
  private struct Known {
    var texts = TextIndex()
    var values: [Value] = []
  }

  private let known = Mutex(Known())
  private let work: @Sendable (String) -> Value

  init(_ work: @escaping @Sendable (String) -> Value) { self.work = work }

  /// Texts that are remembered now.
  var count: Int { known.withLock { $0.values.count } }

  func value(of text: String) -> Value {
    let found = known.withLock { known in known.texts.number(of: text).map { known.values[$0] } }
    if let found { return found }
    let value = work(text)
    guard text.utf8.count <= Limits.nameCharacters else { return value }
    known.withLock { known in
      // Somebody else may have worked it out meanwhile.
      guard known.texts.number(of: text) == nil else { return }
      if known.values.count >= Limits.knownSpellings { known = Known() }
      known.texts.add(text)
      known.values.append(value)
    }
    return value
  }
}
