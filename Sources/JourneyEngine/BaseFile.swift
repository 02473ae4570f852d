package import CustomerJourney
package import Foundation
import Synchronization

/// The base in a file: the columns of a ``JourneyTable`` as they stand in memory, so that opening it
/// is mapping it.
///
/// A header of 64-bit words (little endian), then the sections, each on a border of 64 bytes with
/// zeros between. The header has where each section is, and a ``BlockHash`` of every block of
/// ``BaseFile/blockBytes`` after the header and of itself: each byte of the file is under one hash.
/// All are checked before anything is believed.
package enum BaseFile {
  /// The name in a data folder.
  package static let name = "journeys.base"
  /// Another number for every other form of the file.
  package static let version: UInt64 = 1

  static let magic: UInt64 = 0x4553_4142_4C45_524E  // "NRELBASE" as it stands in the file
  static let alignment = 64
  static let headerAlignment = 4096
  static let blockBytes = 4 << 20

  /// In the order in which they stand.
  enum Section: Int, CaseIterable {
    case customers, starts, times, values, contents, rowIDs, events, campaigns, channels, origins,
      devices, foreign
    /// The names of every dimension by code.
    case names
    /// The code of each name by its number in the store.
    case codes
  }

  /// The words of a header, before the places of the sections and the hashes of the blocks.
  enum Word: Int, CaseIterable {
    case magic, version, hash, headerBytes, payloadBytes, blockBytes, touchpoints, journeys,
      currency, foreignValues, hasValues, first, firstJourney, last, lastJourney, store, row,
      rowCheck, change, name
  }

  /// Where the payload's parts are: what follows from the lengths of the sections.
  struct Layout {
    /// From the beginning of the payload.
    private(set) var offsets: [Int] = []
    let lengths: [Int]
    let payloadBytes: Int
    let blockCount: Int
    let headerBytes: Int

    init(lengths: [Int]) {
      precondition(lengths.count == Section.allCases.count)
      var end = 0
      for length in lengths {
        offsets.append(end)
        end = (end + length + alignment - 1) / alignment * alignment
      }
      self.lengths = lengths
      payloadBytes = end
      blockCount = (end + blockBytes - 1) / blockBytes
      let words = Word.allCases.count + 2 * lengths.count + blockCount
      headerBytes = (words * 8 + headerAlignment - 1) / headerAlignment * headerAlignment
    }

    static func placeWord(_ section: Section) -> Int {
      Word.allCases.count + 2 * section.rawValue
    }
    static var firstHashWord: Int { Word.allCases.count + 2 * Section.allCases.count }
  }
}

/// Why a base file is not used. It is made anew from the store then.
package enum BaseFileProblem: Error, Equatable, CustomStringConvertible {
  case missing
  /// It is a whole file of another version of the program.
  case version(UInt64)
  /// What is wrong, and where.
  case damaged(String)
  case unreadable(reason: String)

  package var description: String {
    switch self {
    case .missing: "there is none"
    case .version(let version):
      "it has form \(version), and this program reads form \(BaseFile.version)"
    case .damaged(let what): "it is damaged: \(what)"
    case .unreadable(let reason): "it cannot be read: \(reason)"
    }
  }
}

/// A base that was opened.
package struct OpenedBase: Sendable {
  package let table: JourneyTable
  /// The code of each name by its number in the store.
  package let codes: NameCodes
  package let mark: StoreMark
  package let bytes: Int
}

extension BaseFile {
  /// Maps and checks the whole file.
  package static func load(from url: URL) throws(BaseFileProblem) -> OpenedBase {
    let mapping = try Mapping(url)
    let bytes = mapping.bytes
    let header = try Header(bytes)
    mapping.readAhead()
    let lengths = Section.allCases.map { Int(header.word(Layout.placeWord($0) + 1)) }
    let layout = Layout(lengths: lengths)
    guard layout.headerBytes == header.bytes, header[.blockBytes] == blockBytes,
      Section.allCases.allSatisfy({
        Int(header.word(Layout.placeWord($0))) == layout.offsets[$0.rawValue]
      })
    else { throw .damaged("the header contradicts itself") }
    guard bytes.count == header.bytes + layout.payloadBytes else {
      throw .damaged(
        "it has \(bytes.count) bytes and should have \(header.bytes + layout.payloadBytes)")
    }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[header.bytes...])
    if let block = firstDamagedBlock(of: payload, hash: { header.word(Layout.firstHashWord + $0) })
    {
      throw .damaged("the hash of \(sections(inBlock: block, layout)) is another")
    }
    return try read(
      payload, layout, keptBy: mapping, header,
      ColumnStorage(folder: url.deletingLastPathComponent()))
  }

  /// How far the base in a file has read the store, by its header alone; nil where there is no file
  /// with a header that can be believed.
  static func mark(of url: URL) -> StoreMark? {
    guard let mapping = try? Mapping(url) else { return nil }
    return try? Header(mapping.bytes).mark
  }

  /// The first bytes of a file, which have the hash that they say.
  private struct Header {
    let bytes: Int
    private let file: UnsafeRawBufferPointer

    init(_ file: UnsafeRawBufferPointer) throws(BaseFileProblem) {
      self.file = file
      func field(_ field: Word) -> UInt64 {
        let offset = field.rawValue * 8
        return UInt64(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      }
      guard file.count >= headerAlignment else { throw .damaged("it ends within its header") }
      guard field(.magic) == magic else { throw .damaged("it does not begin as a base file does") }
      // A later form may have another header, but says its version in the same place.
      guard field(.version) == version else { throw .version(field(.version)) }
      guard let bytes = Int(exactly: field(.headerBytes)), bytes >= headerAlignment,
        bytes % headerAlignment == 0, bytes <= file.count,
        hash(ofHeader: UnsafeRawBufferPointer(rebasing: file[..<bytes])) == field(.hash)
      else { throw .damaged("the header does not have the hash that it says") }
      self.bytes = bytes
    }

    func word(_ index: Int) -> UInt64 {
      UInt64(littleEndian: file.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    subscript(_ field: Word) -> UInt64 { word(field.rawValue) }
    func signed(_ field: Word) -> Int64 { Int64(bitPattern: self[field]) }

    var mark: StoreMark {
      StoreMark(
        store: signed(.store), row: signed(.row), rowCheck: signed(.rowCheck),
        change: signed(.change), name: signed(.name))
    }
  }

  static func hash(ofHeader header: UnsafeRawBufferPointer) -> UInt64 {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: header.count, alignment: 8)
    defer { copy.deallocate() }
    copy.copyMemory(from: header)
    copy.storeBytes(of: 0, toByteOffset: Word.hash.rawValue * 8, as: UInt64.self)
    return BlockHash.of(UnsafeRawBufferPointer(copy))
  }

  private static func firstDamagedBlock(
    of payload: UnsafeRawBufferPointer, hash: (Int) -> UInt64
  ) -> Int? {
    let count = (payload.count + blockBytes - 1) / blockBytes
    let expected = (0..<count).map(hash)
    let damaged = Mutex<Int?>(nil)
    let shared = SharedBytes(bytes: payload)
    Cores.perform(iterations: count) { block in
      let range = (block * blockBytes)..<min((block + 1) * blockBytes, shared.bytes.count)
      guard BlockHash.of(UnsafeRawBufferPointer(rebasing: shared.bytes[range])) != expected[block]
      else { return }
      damaged.withLock { $0 = min($0 ?? block, block) }
    }
    return damaged.withLock { $0 }
  }

  private static func sections(inBlock block: Int, _ layout: Layout) -> String {
    let bytes = (block * blockBytes)..<((block + 1) * blockBytes)
    let names = Section.allCases.filter { section in
      let start = layout.offsets[section.rawValue]
      return bytes.overlaps(start..<(start + max(layout.lengths[section.rawValue], 1)))
    }.map { "\($0)" }
    return "block \(block) (\(names.joined(separator: ", ")))"
  }

  private static func read(
    _ payload: UnsafeRawBufferPointer, _ layout: Layout, keptBy mapping: Mapping,
    _ header: Header, _ storage: ColumnStorage
  ) throws(BaseFileProblem) -> OpenedBase {
    func section(_ section: Section) -> UnsafeRawBufferPointer {
      let start = layout.offsets[section.rawValue]
      return UnsafeRawBufferPointer(
        rebasing: payload[start..<(start + layout.lengths[section.rawValue])])
    }
    func column<Element>(_ which: Section, _ count: Int? = nil) throws(BaseFileProblem)
      -> Column<Element>
    {
      let bytes = section(which)
      let size = MemoryLayout<Element>.size
      guard bytes.count % size == 0, bytes.count / size == count ?? bytes.count / size else {
        throw .damaged("the section \(which) has another length than the header says")
      }
      guard let base = bytes.baseAddress else { return Column([]) }
      return Column(
        base.assumingMemoryBound(to: Element.self), count: bytes.count / size, keptBy: mapping)
    }
    let journeys = Int(header[.journeys])
    let count = Int(header[.touchpoints])
    guard let currency = Currency(packed: header[.currency]) else {
      throw .damaged("it names no currency")
    }
    let columns = JourneyTable.Stored(
      customers: try column(.customers, journeys), starts: try column(.starts, journeys + 1),
      times: try column(.times, count), values: try column(.values, count),
      contents: try column(.contents, count), rowIDs: try column(.rowIDs, count),
      events: try column(.events, count), campaigns: try column(.campaigns, count),
      channels: try column(.channels, count), origins: try column(.origins, count),
      devices: try column(.devices, count), foreign: try column(.foreign))
    guard let names = NameText.decode(section(.names)) else {
      throw .damaged("the names cannot be read")
    }
    let codes: Column<UInt32> = try column(.codes)
    let table = JourneyTable(
      currency: currency, foreignValues: Int(header[.foreignValues]),
      hasValues: header[.hasValues] == 1,
      extent: count == 0
        ? nil
        : Extent(
          first: header.signed(.first), firstJourney: Int(header[.firstJourney]),
          last: header.signed(.last), lastJourney: Int(header[.lastJourney])),
      lastRowID: header.mark.row, names: names, columns: columns, storage: storage)
    return OpenedBase(
      table: table, codes: NameCodes(byNumber: Array(codes.values)),
      mark: header.mark, bytes: layout.headerBytes + layout.payloadBytes)
  }
}

/// Bytes that several threads read.
private struct SharedBytes: @unchecked Sendable {
  // Sendable by hand: nobody writes to them.
  let bytes: UnsafeRawBufferPointer
}

/// A file's bytes as memory, as long as somebody holds this. A file that another takes the place of
/// stays readable.
private final class Mapping: @unchecked Sendable {
  // Sendable by hand: nobody writes to the memory.
  let bytes: UnsafeRawBufferPointer

  init(_ url: URL) throws(BaseFileProblem) {
    let file = open(url.path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw errno == ENOENT ? .missing : .unreadable(reason: Self.reason())
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .unreadable(reason: Self.reason()) }
    let size = Int(status.st_size)
    guard size > 0 else { throw .damaged("it is empty") }
    guard let memory = mmap(nil, size, PROT_READ, MAP_SHARED, file, 0), memory != MAP_FAILED
    else { throw .unreadable(reason: Self.reason()) }
    bytes = UnsafeRawBufferPointer(start: memory, count: size)
  }

  /// Says that all of it will be read.
  func readAhead() {
    _ = madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_WILLNEED)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

  private static func reason() -> String { String(cString: strerror(errno)) }
}

extension Currency {
  /// The letters of the code, the first in the lowest byte.
  var packed: UInt64 {
    code.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  init?(packed: UInt64) {
    var rest = packed
    var letters: [UInt8] = []
    while rest != 0 {
      letters.append(UInt8(rest & 0xFF))
      rest >>= 8
    }
    self.init(String(decoding: letters, as: UTF8.self))
  }
}
