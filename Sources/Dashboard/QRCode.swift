/// A text as a QR code (ISO/IEC 18004): bytes, error correction M, versions 1 to 15, which hold up to
/// 412 bytes.
struct QRCode {
  private(set) var isDark: [[Bool]]
  /// Cells that are no data: patterns and what says how the data are written.
  private var isFixed: [[Bool]]
  let size: Int

  /// Of versions 1 to 15 at error correction M.
  private static let checkBytes = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24]
  private static let blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10]

  /// Nil when the text is too long.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard
      let version = (1...Self.blocks.count).first(where: { version in
        bytes.count * 8 + 4 + (version < 10 ? 8 : 16) <= Self.dataBytes(version) * 8
      })
    else { return nil }
    size = version * 4 + 17
    isDark = Array(repeating: Array(repeating: false, count: size), count: size)
    isFixed = isDark
    drawPatterns(version)
    place(Self.codewords(of: bytes, version))
    chooseMask()
  }

  // MARK: Bytes

  /// Cells for data and checks, in bits.
  private static func rawBits(_ version: Int) -> Int {
    var bits = (16 * version + 128) * version + 64
    if version >= 2 {
      let marks = version / 7 + 2
      bits -= (25 * marks - 10) * marks - 55
      if version >= 7 { bits -= 36 }
    }
    return bits
  }

  private static func dataBytes(_ version: Int) -> Int {
    rawBits(version) / 8 - checkBytes[version - 1] * blocks[version - 1]
  }

  /// The bytes as they are drawn: in blocks with their checks, the blocks woven together.
  private static func codewords(of bytes: [UInt8], _ version: Int) -> [UInt8] {
    var bits: [Bool] = []
    func append(_ value: Int, _ count: Int) {
      for bit in (0..<count).reversed() { bits.append(value >> bit & 1 == 1) }
    }
    append(0b0100, 4)
    append(bytes.count, version < 10 ? 8 : 16)
    for byte in bytes { append(Int(byte), 8) }
    let capacity = dataBytes(version) * 8
    append(0, min(4, capacity - bits.count))
    append(0, (8 - bits.count % 8) % 8)
    for filler in 0..<((capacity - bits.count) / 8) {
      append(filler.isMultiple(of: 2) ? 0xEC : 0x11, 8)
    }
    let data = stride(from: 0, to: bits.count, by: 8).map { at in
      bits[at..<(at + 8)].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
    }
    return woven(data, version)
  }

  private static func woven(_ data: [UInt8], _ version: Int) -> [UInt8] {
    let (count, checks) = (blocks[version - 1], checkBytes[version - 1])
    let raw = rawBits(version) / 8
    let (short, shortCount) = (raw / count - checks, count - raw % count)
    let divisor = Field.divisor(checks)
    var (parts, at): ([(data: [UInt8], checks: [UInt8])], Int) = ([], 0)
    for block in 0..<count {
      let length = short + (block < shortCount ? 0 : 1)
      let part = Array(data[at..<(at + length)])
      parts.append((part, Field.remainder(of: part, by: divisor)))
      at += length
    }
    let body = (0...short).flatMap { index in
      parts.compactMap { index < $0.data.count ? $0.data[index] : nil }
    }
    return body + (0..<checks).flatMap { index in parts.map { $0.checks[index] } }
  }

  /// The field of 256 elements in which the checks are reckoned (Reed-Solomon).
  private enum Field {
    static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
      var product = 0
      for bit in (0..<8).reversed() {
        product = product << 1 ^ (product >> 7 * 0x11D)
        product ^= Int(b >> UInt8(bit) & 1) * Int(a)
      }
      return UInt8(product)
    }

    static func divisor(_ degree: Int) -> [UInt8] {
      var result = [UInt8](repeating: 0, count: degree - 1) + [1]
      var root: UInt8 = 1
      for _ in 0..<degree {
        for index in 0..<degree {
          result[index] = product(result[index], root)
          if index + 1 < degree { result[index] ^= result[index + 1] }
        }
        root = product(root, 2)
      }
      return result
    }

    static func remainder(of data: [UInt8], by divisor: [UInt8]) -> [UInt8] {
      var result = [UInt8](repeating: 0, count: divisor.count)
      for byte in data {
        let factor = byte ^ result.removeFirst()
        result.append(0)
        for index in result.indices { result[index] ^= product(divisor[index], factor) }
      }
      return result
    }
  }

  // MARK: Cells

  private mutating func fix(_ x: Int, _ y: Int, _ dark: Bool) {
    isDark[y][x] = dark
    isFixed[y][x] = true
  }

  private mutating func drawPatterns(_ version: Int) {
    for at in 0..<size {
      fix(6, at, at.isMultiple(of: 2))
      fix(at, 6, at.isMultiple(of: 2))
    }
    for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
      for dy in -4...4 {
        for dx in -4...4 where (0..<size).contains(x + dx) && (0..<size).contains(y + dy) {
          let ring = max(abs(dx), abs(dy))
          fix(x + dx, y + dy, ring != 2 && ring != 4)
        }
      }
    }
    let marks = alignment(version)
    for (i, x) in marks.enumerated() {
      for (j, y) in marks.enumerated() {
        let last = marks.count - 1
        if (i == 0 && j == 0) || (i == 0 && j == last) || (i == last && j == 0) { continue }
        for dy in -2...2 { for dx in -2...2 { fix(x + dx, y + dy, max(abs(dx), abs(dy)) != 1) } }
      }
    }
    drawFormat(mask: 0)
    guard version >= 7 else { return }
    var rest = version
    for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11 * 0x1F25) }
    let bits = version << 12 | rest
    for at in 0..<18 {
      let (a, b) = (size - 11 + at % 3, at / 3)
      fix(a, b, bits >> at & 1 == 1)
      fix(b, a, bits >> at & 1 == 1)
    }
  }

  private func alignment(_ version: Int) -> [Int] {
    guard version > 1 else { return [] }
    let count = version / 7 + 2
    let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2
    return [6] + (0..<(count - 1)).reversed().map { size - 7 - $0 * step }
  }

  /// Which error correction (M is 0) and which mask, twice, with checks of its own.
  private mutating func drawFormat(mask: Int) {
    var rest = mask
    for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9 * 0x537) }
    let bits = (mask << 10 | rest) ^ 0x5412
    func bit(_ at: Int) -> Bool { bits >> at & 1 == 1 }
    for at in 0...5 { fix(8, at, bit(at)) }
    fix(8, 7, bit(6))
    fix(8, 8, bit(7))
    fix(7, 8, bit(8))
    for at in 9..<15 { fix(14 - at, 8, bit(at)) }
    for at in 0..<8 { fix(size - 1 - at, 8, bit(at)) }
    for at in 8..<15 { fix(8, size - 15 + at, bit(at)) }
    fix(8, size - 8, true)
  }

  /// In columns of two, up and down by turns, from the right; the upright pattern is passed over.
  private mutating func place(_ bytes: [UInt8]) {
    var at = 0
    for right in stride(from: size - 1, through: 1, by: -2).map({ $0 <= 6 ? $0 - 1 : $0 }) {
      for step in 0..<size {
        let isUp = (right + 1) & 2 == 0
        let y = isUp ? size - 1 - step : step
        for x in [right, right - 1] where !isFixed[y][x] && at < bytes.count * 8 {
          isDark[y][x] = bytes[at / 8] >> UInt8(7 - at % 8) & 1 == 1
          at += 1
        }
      }
    }
  }

  private static func flips(_ mask: Int, _ x: Int, _ y: Int) -> Bool {
    switch mask {
    case 0: (x + y) % 2 == 0
    case 1: y % 2 == 0
    case 2: x % 3 == 0
    case 3: (x + y) % 3 == 0
    case 4: (x / 3 + y / 2) % 2 == 0
    case 5: x * y % 2 + x * y % 3 == 0
    case 6: (x * y % 2 + x * y % 3) % 2 == 0
    default: ((x + y) % 2 + x * y % 3) % 2 == 0
    }
  }

  private mutating func flip(_ mask: Int) {
    for y in 0..<size {
      for x in 0..<size where !isFixed[y][x] && Self.flips(mask, x, y) { isDark[y][x].toggle() }
    }
  }

  /// Takes the mask with the fewest cells that look like something else.
  private mutating func chooseMask() {
    let all = (0..<8).map { mask -> QRCode in
      var code = self
      code.flip(mask)
      code.drawFormat(mask: mask)
      return code
    }
    if let best = all.min(by: { $0.penalty < $1.penalty }) { self = best }
  }

  private var penalty: Int {
    var penalty = 0
    let columns = (0..<size).map { x in (0..<size).map { isDark[$0][x] } }
    for line in isDark + columns {
      var run = 0
      for at in 0..<size {
        run = at > 0 && line[at] == line[at - 1] ? run + 1 : 1
        if run == 5 { penalty += 3 } else if run > 5 { penalty += 1 }
      }
      // The rings at the corners must be found nowhere else.
      let finder = [true, false, true, true, true, false, true]
      for at in 0...(size - 7) where Array(line[at..<(at + 7)]) == finder {
        func isLight(_ range: Range<Int>) -> Bool {
          range.allSatisfy { !line.indices.contains($0) || !line[$0] }
        }
        if isLight((at - 4)..<at) || isLight((at + 7)..<(at + 11)) { penalty += 40 }
      }
    }
    for y in 1..<size {
      for x in 1..<size
      where [isDark[y - 1][x], isDark[y][x - 1], isDark[y - 1][x - 1]].allSatisfy({
        $0 == isDark[y][x]
      }) {
        penalty += 3
      }
    }
    let dark = isDark.reduce(0) { $0 + $1.count { $0 } }
    return penalty + abs(dark * 20 - size * size * 10) / (size * size) * 10
  }

  // MARK: Picture

  /// One path of all dark cells, dark on light in any colour scheme, as scanners want it.
  func svg(label: String) -> String {
    var path = ""
    for (y, row) in isDark.enumerated() {
      var x = 0
      while x < size {
        let length = row[x...].prefix { $0 }.count
        if length > 0 { path += "M\(x) \(y)h\(length)v1h-\(length)z" }
        x += max(1, length)
      }
    }
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "viewBox": "0 0 \(size) \(size)", "role": "img", "aria-label": label,
        "shape-rendering": "crispEdges",
      ])
    svg.empty("path", ["d": path, "fill": "#000"])
    svg.end()
    return svg.text
  }
}
