/// Numbers texts from 0 in the order in which they are added, for look-ups that run several times for
/// every event: a text's bytes are hashed once, eight at a time, and no string is made of them.
///
/// The hash begins with random numbers of this process, so that nobody who chooses the texts can make
/// them fall together.
package struct TextIndex: Sendable {
  private struct Slot {
    var hash: UInt64 = 0
    var start: UInt32 = 0
    var length: UInt32 = 0
    /// 0 for an empty slot, else the text's number and one.
    var place: UInt32 = 0
  }

  /// A power of two of them, at most three quarters in use.
  private var slots: [Slot] = []
  /// All texts, one after another.
  private var texts: [UInt8] = []
  package private(set) var count = 0

  private static let ofProcess = (
    seed: UInt64.random(in: .min ... .max), factor: UInt64.random(in: .min ... .max) | 1
  )
  private let seed = ofProcess.seed
  private let factor = ofProcess.factor

  package init() {}

  /// The text's number; nil when it was not added.
  package func number(of text: UnsafeBufferPointer<UInt8>) -> Int? {
    if slots.isEmpty { return nil }
    let place = slots[slot(of: text, hash(text))].place
    return place == 0 ? nil : Int(place) - 1
  }

  package func number(of text: String) -> Int? {
    if let found = text.utf8.withContiguousStorageIfAvailable({ number(of: $0) }) { return found }
    return Array(text.utf8).withUnsafeBufferPointer { number(of: $0) }
  }

  /// Adds a text that is not there and returns its number, which is ``count`` of before.
  ///
  /// Never more than a few gigabytes of texts in all: who adds keeps count.
  @discardableResult
  package mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    if count * 4 >= slots.count * 3 { grow() }
    let hash = hash(text)
    let at = slot(of: text, hash)
    precondition(slots[at].place == 0, "the text is there")
    slots[at] = Slot(
      hash: hash, start: UInt32(texts.count), length: UInt32(text.count), place: UInt32(count + 1))
    texts.append(contentsOf: text)
    count += 1
    return count - 1
  }

  @discardableResult
  package mutating func add(_ text: String) -> Int {
    var text = text
    return text.withUTF8 { add($0) }
  }

  /// The slot that has the text, or the empty one where it belongs.
  private func slot(of text: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
    slots.withUnsafeBufferPointer { slots in
      texts.withUnsafeBufferPointer { texts in
        var at = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while true {
          let slot = slots[at]
          if slot.place == 0 { return at }
          if slot.hash == hash, Int(slot.length) == text.count,
            UnsafeBufferPointer(rebasing: texts[Int(slot.start)..<(Int(slot.start) + text.count)])
              .isSame(as: text)
          {
            return at
          }
          at = (at + 1) & (slots.count - 1)
        }
      }
    }
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: max(64, old.count * 2))
    for slot in old where slot.place != 0 {
      var at = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
      while slots[at].place != 0 { at = (at + 1) & (slots.count - 1) }
      slots[at] = slot
    }
  }

  /// Multiplies to 128 bits and folds them, as in wyhash by Wang Yi.
  private func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
      let (high, low) = a.multipliedFullWidth(by: b)
      return high ^ low
    }
    var hash = seed ^ UInt64(text.count)
    guard text.count >= 8 else {
      var last: UInt64 = 0
      for byte in text { last = last << 8 | UInt64(byte) }
      return fold(fold(hash ^ last, factor) ^ seed, factor)
    }
    var at = 0
    while at < text.count - 8 {
      hash = fold(hash ^ text.word(at), factor)
      at += 8
    }
    return fold(fold(hash ^ text.word(text.count - 8), factor) ^ seed, factor)
  }
}
