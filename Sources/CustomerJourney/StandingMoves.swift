/// Who moved in one subject by one look, in the order in which it is told.
///
/// States are bytes: 0 is nowhere, others number ``states`` from 1. Under load about as many
/// customers change their phase as there are touchpoints, so that a value object each, with texts, is
/// made only for who reads them.
package struct StandingMoves: Sendable {
  package struct Move: Hashable, Sendable {
    package var customer: UInt32
    package var from: UInt8
    package var to: UInt8
    /// Milliseconds since 1970, UTC.
    package var happened: Int64

    package init(customer: UInt32, from: UInt8, to: UInt8, happened: Int64) {
      self.customer = customer
      self.from = from
      self.to = to
      self.happened = happened
    }
  }

  package let subject: StandingSubject
  /// What a state means that is not 0, from 1 on.
  package let states: [String]
  package let noticed: Timestamp
  package var moves: [Move]

  package init(
    subject: StandingSubject, states: [String], noticed: Timestamp, moves: [Move] = []
  ) {
    self.subject = subject
    self.states = states
    self.noticed = noticed
    self.moves = moves
  }

  /// The moves as people and programs read them; the first has the number `first`.
  package func changes(numberedFrom first: Int64) -> [StandingChange] {
    moves.enumerated().map { place, move in
      StandingChange(
        id: first + Int64(place), subject: subject, customer: Int64(move.customer),
        from: name(move.from), to: name(move.to),
        happened: Timestamp(milliseconds: move.happened), noticed: noticed)
    }
  }

  private func name(_ state: UInt8) -> String? {
    states.indices.contains(Int(state) - 1) ? states[Int(state) - 1] : nil
  }
}

extension StandingMoves {
  private static let moveBytes = 14

  /// The moves as bytes: customer, happened, from, to, little-endian, without gaps.
  package var packed: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(moves.count * Self.moveBytes)
    for move in moves {
      withUnsafeBytes(of: move.customer.littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: move.happened.littleEndian) { bytes.append(contentsOf: $0) }
      bytes.append(move.from)
      bytes.append(move.to)
    }
    return bytes
  }

  /// Moves of ``packed``; what is left of bytes that are none is passed over.
  package static func moves(packed bytes: UnsafeRawBufferPointer) -> [Move] {
    stride(from: 0, to: bytes.count - bytes.count % moveBytes, by: moveBytes).map { at in
      Move(
        customer: UInt32(
          littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)),
        from: bytes[at + 12], to: bytes[at + 13],
        happened: Int64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: Int64.self)))
    }
  }
}
