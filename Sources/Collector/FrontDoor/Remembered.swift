import CustomerJourney
import Synchronization

/// Remembers what was worked out of a text, so that a text that comes again costs one look-up.
///
/// For functions of the text alone. Holds at most ``Limits/knownSpellings``; then it begins to learn
/// again, so that somebody who sends ever new texts costs time but no memory.
final class Remembered<Value: Sendable>: Sendable {
  private let known = Mutex<[String: Value]>([:])
  private let work: @Sendable (String) -> Value

  init(_ work: @escaping @Sendable (String) -> Value) { self.work = work }

  /// Texts that are remembered now.
  var count: Int { known.withLock { $0.count } }

  func value(of text: String) -> Value {
    if let value = known.withLock({ $0[text] }) { return value }
    let value = work(text)
    guard text.utf8.count <= Limits.nameCharacters else { return value }
    known.withLock { known in
      if known.count >= Limits.knownSpellings { known.removeAll(keepingCapacity: true) }
      known[text] = value
    }
    return value
  }
}
