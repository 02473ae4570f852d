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
    #if os(Linux)
      if bytes >= smallestFile, let folder, let base = Self.mapped(bytes, in: folder) {
        return (base, true)
      }
    #endif
    return (.allocate(byteCount: max(bytes, 1), alignment: alignment), false)
  }

  static func deallocate(_ base: UnsafeMutableRawPointer, bytes: Int, isFile: Bool) {
    if isFile { munmap(base, bytes) } else { base.deallocate() }
  }

  #if os(Linux)
    private static func mapped(_ bytes: Int, in folder: String) -> UnsafeMutableRawPointer? {
      var path = Array("\(folder)/columns.XXXXXX".utf8CString)
      let file = mkstemp(&path)
      guard file >= 0 else { return nil }
      defer { close(file) }
      // The room is taken now: a page for which the disk has none would end the process.
      guard unlink(path) == 0, posix_fallocate(file, 0, bytes) == 0 else { return nil }
      let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
      return base == MAP_FAILED ? nil : base
    }
  #endif
}
