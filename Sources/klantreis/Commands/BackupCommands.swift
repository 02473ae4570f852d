import Access
import ArgumentParser
import CustomerJourney
import Foundation
import JourneyEngine
import Store

/// The passphrase of a backup.
struct PassphraseOptions: ParsableArguments {
  @Option(
    name: .customLong("passphrase-file"),
    help: ArgumentHelp("A file whose first line is the passphrase.", valueName: "file"))
  var file: String?

  func read() throws -> String? {
    guard let file else { return nil }
    guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
      throw Ending.failed("\(file) cannot be read: check the path and that it is yours to read.")
    }
    let line = String(text.prefix { !$0.isNewline })
    guard line.unicodeScalars.count >= Limits.passwordCharacters else {
      throw Ending.wrongUse(
        "The passphrase in \(file) has fewer than \(Limits.passwordCharacters) characters.")
    }
    return line
  }
}

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write the whole project into one file, also while a server runs.",
    discussion: """
      Example:
        klantreis backup monday.backup
        klantreis backup monday.backup --passphrase-file secret.txt

      The file is read again and every sum compared before it gets its name. docs/backup.md says what
      is in it.
      """)
  @Argument(help: "The file to make; it must not be there.") var file: String
  @OptionGroup var passphrase: PassphraseOptions
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    let url = URL(filePath: file).standardizedFileURL
    let manifest = try Backup(file: url, passphrase: try passphrase.read())
      .make(of: workspace, at: .now)
    try workspace.note(.backupMade, url.lastPathComponent)
    if let days = try workspace.store.retention().days[.backups] {
      let now = Timestamp.now
      let expires = Timestamp(milliseconds: now.milliseconds + Int64(days) * 86_400_000)
      try workspace.store.noteBackup(path: url.path, made: now, expires: expires)
      Terminal.note(
        "The backup is removed after \(days) days where it stands now, since it has persons who may "
          + "ask to be forgotten; `klantreis retention backups none` keeps backups.")
    }
    Terminal.write(
      "\(file): \(Disk.bytes(of: url).description) bytes, \(manifest.files.count) files, read again and good"
        + "\(passphrase.file == nil ? "" : ", encrypted").\n")
  }
}

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Make a data folder of a backup.",
    discussion: """
      Example:
        klantreis restore monday.backup --data data
        klantreis restore monday.backup --data data --replace
        klantreis restore monday.backup --check

      All is checked before anything is written. With --replace a folder that is not empty is kept
      beside the new one. Stop the server first.
      """)
  @Argument(help: "The backup.") var file: String
  @OptionGroup var passphrase: PassphraseOptions
  @Flag(help: "Put a folder that is not empty aside.") var replace = false
  @Flag(help: "Only check the backup.") var check = false
  @OptionGroup var data: DataOptions

  func run() throws {
    let url = URL(filePath: file).standardizedFileURL
    let secret = try passphrase.read()
    if check {
      let manifest = try BackupReader(file: url, passphrase: secret).check()
      Terminal.write(
        "\(file) is good: made \(manifest.made.iso8601) by version \(manifest.version), "
          + "\(manifest.files.count) files.\n")
      return
    }
    let outcome = try Restore(
      file: url, passphrase: secret, folder: data.folder.standardizedFileURL, isReplacing: replace
    ).run(at: .now)
    Terminal.write(
      "\(data.folder.path) is as it was \(outcome.manifest.made.iso8601).\n"
        + (outcome.aside.map { "What was there is in \($0.path).\n" } ?? ""))
  }
}

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check that the data folder is sound.",
    discussion: """
      Example:
        klantreis verify --data data

      Looks at every row, at the log of who did what, and at the file of journeys against the
      database, so it takes a while on a large one. A server may run meanwhile. Ends with 1 when
      something is wrong.
      """)
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    let findings = try workspace.store.verify() + [try workspace.verifyBase()]
    for finding in findings {
      Terminal.write("\(finding.problems.isEmpty ? "ok    " : "WRONG ") \(finding.rule)\n")
      for problem in finding.problems { Terminal.write("       \(problem)\n") }
    }
    guard findings.allSatisfy(\.problems.isEmpty) else {
      let isOnlyBase = findings.dropLast().allSatisfy(\.problems.isEmpty)
      throw Ending.failed(
        isOnlyBase
          ? "The file of journeys is not sound: `klantreis rebuild` makes it new."
          : "The database is not sound: restore the data folder from a backup.")
    }
  }
}

struct RebuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Make anew what is made of the database: the file of journeys.",
    discussion: """
      Example:
        klantreis rebuild --data data
      """)
  @OptionGroup var data: DataOptions

  func run() throws {
    let (count, isFiled) = try data.openExisting().rebuild()
    Terminal.write(
      isFiled
        ? "Made the file of journeys anew, of \(count.grouped) touchpoints.\n"
        : "\(count.grouped) touchpoints are so few that they are read from the database each time.\n"
    )
  }
}

extension Workspace {
  /// Throws the file of journeys and the words of the search away and makes them of the database; says
  /// how many touchpoints there are, and whether they are enough for a new file.
  func rebuild() throws -> (count: Int, isFiled: Bool) {
    let file = folder.appending(path: BaseFile.name)
    if FileManager.default.fileExists(atPath: file.path) {
      try FileManager.default.removeItem(at: file)
    }
    try SearchIndex(store: store).rebuild()
    let count = try snapshot().journeys.count
    return (count, keeper.status.written > 0)
  }

  /// Compares the journeys by the base file with those by the database alone.
  func verifyBase() throws -> Store.Finding {
    var finding = Store.Finding(
      rule: "The file of journeys says what the database says", problems: [])
    let file = folder.appending(path: BaseFile.name)
    guard FileManager.default.fileExists(atPath: file.path) else { return finding }
    do {
      _ = try BaseFile.load(from: file)
    } catch {
      finding.problems = ["\(error)"]
      return finding
    }
    // From a folder without file all is read from the database.
    let alone = JourneyKeeper(
      store: store, folder: folder.appending(path: "none"),
      policy: JourneyKeeper.Policy(smallestBase: .max))
    let snapshot = try snapshot()
    var other = snapshot
    other.journeys = try alone.journeys(in: snapshot.journeys.currency)
    for by in ["event", "channel", "origin", "device", "content", "campaign"] {
      let question = try Question(.transitions, ["by": [by]])
      let answers = try [snapshot, other].map { try question.answer(from: $0).data(as: .json) }
      if answers[0] != answers[1] {
        finding.problems.append("transitions by \(by) differ")
      }
    }
    if snapshot.journeys.count != other.journeys.count {
      finding.problems.append(
        "it leads to \(snapshot.journeys.count) touchpoints, the database to \(other.journeys.count)"
      )
    }
    return finding
  }
}
