import CArchive
import CustomerJourney
import Foundation

/// Reads a file from the disk and unpacks it on the way: plain, gzip, bzip2, xz, zstd, zip and tar.
///
/// Never holds more than a block of it, and stops at a bomb.
final class ArchiveReader {
  /// Bytes of the file as it lies on the disk.
  let bytesTotal: Int64
  private(set) var unpackedBytes: Int64 = 0
  /// True for zip and tar, whose parts have names of their own.
  private(set) var holdsParts = false

  /// Unpacked bytes after which reading ends with an error; nil reads all.
  private let byteLimit: Int64?
  private let archive: OpaquePointer
  private let name: String

  init(path: String, byteLimit: Int64? = nil) throws {
    self.byteLimit = byteLimit
    name = (path as NSString).lastPathComponent
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ImportError(.unreadable, "\(name) does not exist; check the path.")
    }
    guard !isFolder.boolValue else {
      throw ImportError(.unreadable, "\(name) is a folder; name a file in it.")
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    bytesTotal = (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    guard let archive = archive_read_new() else {
      throw ImportError(.unreadable, "\(name) cannot be opened: there is no memory for it.")
    }
    self.archive = archive
    archive_read_support_filter_gzip(archive)
    archive_read_support_filter_bzip2(archive)
    archive_read_support_filter_xz(archive)
    archive_read_support_filter_zstd(archive)
    archive_read_support_format_zip(archive)
    archive_read_support_format_tar(archive)
    archive_read_support_format_raw(archive)
    archive_read_support_format_empty(archive)
    guard archive_read_open_filename(archive, path, 65_536) == ARCHIVE_OK else {
      guard FileManager.default.isReadableFile(atPath: path) else {
        throw ImportError(.unreadable, "\(name) cannot be opened; check that you may read it.")
      }
      throw broken
    }
  }

  deinit { archive_read_free(archive) }

  /// Bytes of the file on the disk that are behind us.
  var bytesRead: Int64 { min(max(0, archive_filter_bytes(archive, -1)), bytesTotal) }

  /// The name of the next part; of a file that has no parts, `""` once. Nil when there is no more.
  func nextPart() throws -> String? {
    while true {
      var entry: OpaquePointer?
      let result = archive_read_next_header(archive, &entry)
      if result == ARCHIVE_EOF { return nil }
      guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let entry else { throw broken }
      if archive_format(archive) == ARCHIVE_FORMAT_RAW { return "" }
      if archive_format(archive) == ARCHIVE_FORMAT_EMPTY { return nil }
      holdsParts = true
      // AE_IFREG; the macro is a cast that is not visible from here.
      guard archive_entry_filetype(entry) & 0o170000 == 0o100000 else { continue }
      if archive_entry_is_encrypted(entry) != 0 {
        throw ImportError(
          .brokenArchive,
          "\(name) is locked with a password; unpack it first and import the result."
        )
      }
      guard let text = archive_entry_pathname(entry) else { return "part" }
      return String(cString: text)
    }
  }

  /// Up to `capacity` bytes of the part; 0 at its end.
  func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) throws -> Int {
    if isPastLimit {
      throw ImportError(
        .notText,
        "\(name) has no row that ends within \(Limits.previewBytes / 1_048_576) MiB, as far as a "
          + "preview looks; check that its lines end.")
    }
    let count = archive_read_data(archive, target, capacity)
    guard count >= 0 else { throw broken }
    unpackedBytes += Int64(count)
    if unpackedBytes > Limits.unpackedBytes {
      throw ImportError(
        .bomb,
        "\(name) unpacks to more than \(Limits.unpackedBytes / 1_073_741_824) GiB; split it.")
    }
    if unpackedBytes > Limits.bombFloorBytes,
      unpackedBytes / max(1, bytesRead) > Int64(Limits.unpackRatio)
    {
      throw ImportError(
        .bomb,
        "\(name) unpacks to more than \(Limits.unpackRatio) times its size, which looks like a "
          + "bomb; unpack it yourself when you trust it, and import the result.")
    }
    return count
  }

  /// True when a preview has seen all that it may.
  var isPastLimit: Bool { byteLimit.map { unpackedBytes >= $0 } ?? false }

  private var reason: String {
    archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
  }

  private var broken: ImportError {
    ImportError(
      .brokenArchive,
      "\(name) is damaged or cut off (\(reason)); the rows before that are good, "
        + "get the file again for the rest.")
  }
}
