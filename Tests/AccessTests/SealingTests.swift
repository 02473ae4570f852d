import CustomerJourney
import Testing

@testable import Access

@Suite struct SealingTests {
  private static let light = Password.Cost(passes: 1, memoryBytes: 8_192)
  private static let passphrase = "een zin die niemand raadt"

  private func sealed(_ chunks: [[UInt8]]) throws -> (head: [UInt8], chunks: [[UInt8]]) {
    let sealer = try Sealer(passphrase: Self.passphrase, cost: Self.light)
    let last = chunks.count - 1
    return (
      sealer.head, chunks.enumerated().map { sealer.seal($0.element, isLast: $0.offset == last) }
    )
  }

  @Test("what was sealed opens with the passphrase, and only with it")
  func roundTrip() throws {
    let text = [Array("one".utf8), [], Array("three".utf8)]
    let (head, chunks) = try sealed(text)
    let opened = try Unsealer(head: head, passphrase: Self.passphrase)
    for (index, chunk) in chunks.enumerated() {
      let (plain, isLast) = try opened.open(chunk)
      #expect(plain == text[index])
      #expect(isLast == (index == 2))
    }
    let other = try Unsealer(head: head, passphrase: Self.passphrase + " ")
    #expect(throws: SealProblem.damaged) { _ = try other.open(chunks[0]) }
    let again = try sealed(text)
    #expect(again.head != head, "each has a salt of its own")
    #expect(again.chunks[0] != chunks[0])
  }

  @Test("no changed bit of any chunk or of the head goes unnoticed, nor chunks in another order")
  func everyBit() throws {
    let (head, chunks) = try sealed([Array("one".utf8), Array("two".utf8)])
    func opens(_ head: [UInt8], _ chunks: [[UInt8]]) -> Bool {
      guard let opened = try? Unsealer(head: head, passphrase: Self.passphrase) else {
        return false
      }
      return chunks.allSatisfy { (try? opened.open($0)) != nil }
    }
    #expect(opens(head, chunks))
    for bit in 0..<(chunks[0].count * 8) {
      var changed = chunks
      changed[0][bit / 8] ^= 1 << (bit % 8)
      #expect(!opens(head, changed), "bit \(bit)")
    }
    // The cost stands in the first of these; those that would be dear to try are left out.
    for byte in head.indices where !(Sealer.mark.count + 16..<Sealer.mark.count + 32).contains(byte)
    {
      var changed = head
      changed[byte] ^= 1
      #expect(!opens(changed, chunks), "byte \(byte) of the head")
    }
    #expect(!opens(head, chunks.reversed()))
    #expect(!opens(head, [chunks[1]]))
    #expect(!opens(head, [Array(chunks[0].dropLast())]))
  }

  @Test(
    "a head that asks for endless work is refused at once", arguments: [0, 17, 0xFFFF_FFFF_FFFF])
  func work(passes: UInt64) throws {
    var (head, _) = try sealed([[]])
    for at in 0..<8 {
      head[Sealer.mark.count + 16 + at] = UInt8(truncatingIfNeeded: passes >> (at * 8))
    }
    #expect(throws: SealProblem.damaged) {
      _ = try Unsealer(head: head, passphrase: Self.passphrase)
    }
  }
}
