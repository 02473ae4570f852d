/// Memory that is handed out in pieces and given back all at once.
final class MemoryBlocks {
  /// Of all blocks.
  private(set) var bytes = 0
  private var blocks: [UnsafeMutableRawPointer] = []
  private var next: UnsafeMutableRawPointer?
  private var left = 0

  private static let firstBlock = 64 << 10
  private static let largestBlock = 4 << 20

  /// Holds anything until it is written. At the start of a whole word.
  func take(_ wanted: Int) -> UnsafeMutableRawPointer {
    let wanted = (wanted + 7) & ~7
    if let next, left >= wanted {
      self.next = next + wanted
      left -= wanted
      return next
    }
    let size = max(wanted, min(max(bytes, Self.firstBlock), Self.largestBlock))
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    blocks.append(block)
    bytes += size
    next = block + wanted
    left = size - wanted
    return block
  }

  deinit { for block in blocks { block.deallocate() } }
}
