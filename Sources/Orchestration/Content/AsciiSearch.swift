/// Looking for ASCII in HTML by bytes: by characters, with all that Unicode knows of them, it took half of
/// the time that a mail takes.
extension StringProtocol where SubSequence == Substring {
  func place(ofByte byte: Unicode.Scalar) -> Index? { utf8.firstIndex(of: UInt8(ascii: byte)) }

  /// Where a text stands first.
  func place(of text: String) -> Range<Index>? {
    let wanted = text.utf8
    guard let first = wanted.first else { return nil }
    var from = startIndex
    while let start = utf8[from...].firstIndex(of: first) {
      let end = utf8.index(start, offsetBy: wanted.count, limitedBy: endIndex)
      guard let end else { return nil }
      if utf8[start..<end].elementsEqual(wanted) { return start..<end }
      from = utf8.index(after: start)
    }
    return nil
  }
}
