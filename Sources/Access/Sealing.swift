import CSodium

/// Encrypts what is written in one go from the beginning to the end: XChaCha20-Poly1305 in libsodium's
/// secretstream, with a key that Argon2id makes of a passphrase. Every chunk is authenticated, its
/// place and the end too.
package final class Sealer {
  /// What stands before the first chunk: mark, salt, cost and the stream's own header.
  package let head: [UInt8]
  private var state = crypto_secretstream_xchacha20poly1305_state()

  /// What a sealed file begins with.
  package static let mark = Array("KLANTREIS-SEALED-1\n".utf8)
  /// Bytes of a chunk before it is sealed; only the last is shorter.
  package static let chunkBytes = 65_536
  package static var sealedChunkBytes: Int { chunkBytes + overhead }
  package static var headBytes: Int { mark.count + saltBytes + 16 + streamHeaderBytes }

  static var overhead: Int { crypto_secretstream_xchacha20poly1305_abytes() }
  static var saltBytes: Int { Int(crypto_pwhash_SALTBYTES) }
  static var streamHeaderBytes: Int { crypto_secretstream_xchacha20poly1305_headerbytes() }
  /// A file is opened rarely and guessed at in peace: four passes over 256 MB.
  package static let standardCost = Password.Cost(passes: 4, memoryBytes: 268_435_456)

  /// Throws ``SealProblem/noMemory``.
  package init(
    passphrase: String, cost: Password.Cost = standardCost
  ) throws(SealProblem) {
    let salt = Sodium.randomBytes(Self.saltBytes)
    let key = try Self.key(passphrase, salt: salt, cost: cost)
    var header = [UInt8](repeating: 0, count: Self.streamHeaderBytes)
    _ = crypto_secretstream_xchacha20poly1305_init_push(&state, &header, key)
    head =
      Self.mark + salt + Self.bytes(cost.passes) + Self.bytes(UInt64(cost.memoryBytes)) + header
  }

  /// Seals one chunk; the last says that it is.
  package func seal(_ chunk: [UInt8], isLast: Bool) -> [UInt8] {
    precondition(chunk.count <= Self.chunkBytes)
    var sealed = [UInt8](repeating: 0, count: chunk.count + Self.overhead)
    let tag =
      isLast
      ? crypto_secretstream_xchacha20poly1305_tag_final()
      : crypto_secretstream_xchacha20poly1305_tag_message()
    // The head counts with each chunk, so that none is opened under another.
    _ = crypto_secretstream_xchacha20poly1305_push(
      &state, &sealed, nil, chunk, UInt64(chunk.count), head, UInt64(head.count), tag)
    return sealed
  }

  static func key(
    _ passphrase: String, salt: [UInt8], cost: Password.Cost
  ) throws(SealProblem) -> [UInt8] {
    Sodium.open()
    var key = [UInt8](
      repeating: 0, count: crypto_secretstream_xchacha20poly1305_keybytes())
    let bytes = passphrase.utf8.map { CChar(bitPattern: $0) }
    let done = crypto_pwhash(
      &key, UInt64(key.count), bytes, UInt64(bytes.count), salt, cost.passes, cost.memoryBytes,
      crypto_pwhash_ALG_ARGON2ID13)
    guard done == 0 else { throw .noMemory }
    return key
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}

/// Opens what ``Sealer`` sealed.
package final class Unsealer {
  private var state = crypto_secretstream_xchacha20poly1305_state()
  private let head: [UInt8]

  /// Throws ``SealProblem``. That the passphrase is right shows with the first chunk.
  package init(head: [UInt8], passphrase: String) throws(SealProblem) {
    guard head.count == Sealer.headBytes, head.starts(with: Sealer.mark) else { throw .damaged }
    let salt = Array(head[Sealer.mark.count...].prefix(Sealer.saltBytes))
    let numbers = Array(head[(Sealer.mark.count + Sealer.saltBytes)...])
    func number(_ at: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(numbers[at + $1]) << ($1 * 8) }
    }
    let (passes, memory) = (number(0), number(8))
    // Whoever made the file says how much work it is; not without a limit.
    guard (1...16).contains(passes), (8_192...1_073_741_824).contains(memory) else {
      throw .damaged
    }
    let key = try Sealer.key(
      passphrase, salt: salt, cost: Password.Cost(passes: passes, memoryBytes: Int(memory)))
    self.head = head
    let header = Array(numbers[16...])
    guard crypto_secretstream_xchacha20poly1305_init_pull(&state, header, key) == 0 else {
      throw .damaged
    }
  }

  /// Opens the next chunk. Throws ``SealProblem/damaged`` when it is not the one that was sealed there.
  package func open(
    _ sealed: [UInt8]
  ) throws(SealProblem) -> (chunk: [UInt8], isLast: Bool) {
    guard sealed.count >= Sealer.overhead else { throw .damaged }
    var chunk = [UInt8](repeating: 0, count: sealed.count - Sealer.overhead)
    var tag: UInt8 = 0
    guard
      crypto_secretstream_xchacha20poly1305_pull(
        &state, &chunk, nil, &tag, sealed, UInt64(sealed.count), head, UInt64(head.count)) == 0
    else { throw .damaged }
    return (chunk, tag == crypto_secretstream_xchacha20poly1305_tag_final())
  }
}

package enum SealProblem: Error, Hashable {
  /// Another passphrase, or not what was sealed.
  case damaged
  case noMemory
}
