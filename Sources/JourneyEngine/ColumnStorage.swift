package import Foundation

/// Where columns stand that are made in this process.
///
/// Long ones stand in files without a name, where there is a folder for them: the system writes their
/// pages out and lets go of them when it needs the memory, as it does with those of a base. Nobody else
/// can open such a file, and it goes with the process. What no file can be made for, as where the disk
/// is full, stands in the process's own memory.
package struct ColumnStorage: Sendable {
  private let folder: String?
  private let smallestFile: Int

  /// The process's own memory only.
  package static let own = ColumnStorage(folder: nil)

  /// Columns of `smallestFile` bytes and more stand in files.
  package init(folder: URL?, smallestFile: Int = 1 << 20) {
    self.folder = folder?.path
    self.smallestFile = smallestFile
  }

  /// Memory whose bytes are all to be written before they are read, and how to give it back.
  func allocate(bytes: Int, alignment: Int) -> (base: UnsafeMutableRawPointer, isFile: Bool) {
    if bytes >= smallestFile, let base = UnnamedFile(folder)?.take(bytes) { return (base, true) }
    return (.allocate(byteCount: max(bytes, 1), alignment: alignment), false)
  }

  /// All of it was written: from now on it is read, mostly in order.
  static func settle(_ base: UnsafeMutableRawPointer, bytes: Int) {
    _ = madvise(base, bytes, MADV_NORMAL)
  }

  static func deallocate(_ base: UnsafeMutableRawPointer, bytes: Int, isFile: Bool) {
    if isFile { munmap(base, bytes) } else { base.deallocate() }
  }

  /// For what is gathered piece by piece; nil where there is to be none.
  func file(forBytes bytes: Int) -> UnnamedFile? {
    bytes >= smallestFile ? UnnamedFile(folder) : nil
  }
}

/// A file without a name, for as long as somebody has it or has mapped some of it.
final class UnnamedFile {
  private let file: Int32
  private var end = 0

  /// Nil where none can be made.
  init?(_ folder: String?) {
    #if os(Linux)
      guard let folder else { return nil }
      var path = Array("\(folder)/columns.XXXXXX".utf8CString)
      file = mkstemp(&path)
      guard file >= 0 else { return nil }
      unlink(path)
    #else
      return nil
    #endif
  }

  deinit { if file >= 0 { close(file) } }

  /// So many bytes more, whole pages of them where there are to be others after them, to be given back by
  /// `munmap`. Nil where the disk has no room.
  func take(_ bytes: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux)
      // The room is taken now: a page for which the disk has none later would end the process.
      guard posix_fallocate(file, off_t(end), off_t(bytes)) == 0 else { return nil }
      let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, off_t(end))
      guard let base, base != MAP_FAILED else { return nil }
      // Else the system reads ahead at each first touch of a page, and clears as many megabytes as it
      // does for the whole of a file: for that long nobody else gets the core.
      _ = madvise(base, bytes, MADV_RANDOM)
      end += bytes
      return base
    #else
      return nil
    #endif
  }
}
