import CustomerJourney
import Foundation
import Store

/// What a backup says of itself and of each file in it.
struct BackupManifest: Codable, Equatable, Sendable {
  /// Another number for every other form.
  static let form = 1

  var form = BackupManifest.form
  /// Of the program that made it.
  var version: String
  var made: Timestamp
  /// The migrations of the database.
  var migrations: [String]
  /// In the order in which they follow.
  var files: [File]

  struct File: Codable, Equatable, Sendable {
    /// `klantreis.sqlite`, or one of a few folders and a name: `models/mine.yaml`.
    var path: String
    var bytes: Int64
    /// SHA-256, in hexadecimal.
    var sum: String
  }

  static let mark = Array("KLANTREIS-BACKUP-1\n".utf8)

  /// Folders whose files belong to a project. What can be made anew is left out: the base of the
  /// journeys, and uploads that nobody confirmed.
  static let folders = ["models", "rejected"]
  static let loose = [Store.fileName, "simulation.truth.json"]

  /// Whether a path is one that a backup can have: a known file, or a plain name in a known folder.
  /// Nothing else is ever written, whatever a manifest says.
  static func isKnown(_ path: String) -> Bool {
    if loose.contains(path) { return true }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, folders.contains(String(parts[0])) else { return false }
    let name = parts[1]
    return !name.isEmpty && name.utf8.count <= 255 && name.first != "."
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\\" && $0.value != 0x7F }
  }

  /// Throws what is wrong with it.
  func check(size: Int64) throws(BackupProblem) {
    guard form == Self.form else { throw .form(form) }
    let paths = files.map(\.path)
    for path in paths where !Self.isKnown(path) { throw .strangePath(path) }
    guard Set(paths).count == paths.count else { throw .damaged("it has a file twice") }
    guard paths.contains(Store.fileName) else { throw .damaged("it has no database") }
    var total: Int64 = 0
    for file in files {
      let (sum, isTooMuch) = total.addingReportingOverflow(file.bytes)
      guard file.bytes >= 0, !isTooMuch else { throw .damaged("a length in it is impossible") }
      total = sum
    }
    guard total <= size else { throw .damaged("it is shorter than it says") }
  }
}

/// Why a backup cannot be made or used.
enum BackupProblem: Error, Equatable, CustomStringConvertible {
  case exists(String)
  case noBackup(String)
  case needsPassphrase
  case wrongPassphrase
  case damaged(String)
  case form(Int)
  case newer(String)
  case strangePath(String)
  case noRoom(needed: Int64, free: Int64)
  case folderInUse(String)
  case folderFull(String)
  case unsound(String)
  case system(String, Int32)

  var description: String {
    switch self {
    case .exists(let path):
      "\(path) is there already, and a backup overwrites nothing: name another file."
    case .noBackup(let path): "\(path) is no backup of Klantreis."
    case .needsPassphrase: "This backup is encrypted: give the passphrase with --passphrase-file."
    case .wrongPassphrase:
      "The passphrase is another one, or the beginning of the file is damaged. Nothing was changed."
    case .damaged(let what): "The backup is damaged: \(what). Nothing was changed; use another one."
    case .form(let form):
      "The backup has form \(form), and this program reads form \(BackupManifest.form): use the "
        + "version that made it, or a newer one."
    case .newer(let migration):
      "The backup was made by a newer version of the program (it knows \u{201C}\(migration)\u{201D}): "
        + "restore it with that one."
    case .strangePath(let path):
      "The backup names a file that no backup has (\(path.debugDescription)), so it was tampered with. "
        + "Nothing was changed."
    case .noRoom(let needed, let free):
      "There is no room: \(Self.megabytes(needed)) MB are needed and \(Self.megabytes(free)) MB are free. "
        + "Make room, or name a place on another disk."
    case .folderInUse(let path):
      "A program works with \(path): stop the server first."
    case .folderFull(let path):
      "\(path) is not empty. Name another folder, or give --replace, which keeps the old one beside it."
    case .unsound(let rule): "The database is not sound: \(rule). `klantreis verify` says more."
    case .system(let what, let code): "\(what): \(String(cString: strerror(code)))."
    }
  }

  private static func megabytes(_ bytes: Int64) -> Int64 { bytes / 1_048_576 + 1 }
}
