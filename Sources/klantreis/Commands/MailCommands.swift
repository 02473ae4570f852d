import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Orchestration
import Store

struct MailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mail",
    abstract: "Set up mail, see whether it will arrive, and read what came back.",
    discussion: """
      Example:
        klantreis mail set server smtp.example.org
        klantreis mail set from info@example.org
        klantreis mail key
        klantreis mail check
        klantreis mail test you@example.org
        klantreis mail reports /var/mail/bounces
      """,
    subcommands: [
      Show.self, Set.self, Key.self, Check.self, Test.self, Reports.self, Suppressed.self,
    ], defaultSubcommand: Show.self)

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "All settings; secrets are not shown.",
      discussion: """
        Example:
          klantreis mail show
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let settings = try data.openExisting().store.settings()
      for setting in MailSetting.allCases {
        let value = settings[setting.key].map { setting.isSecret ? "(set, not shown)" : $0 }
        Terminal.write(
          "\(Terminal.bold(setting.rawValue)) = \(value ?? "(not set)")  \(setting.help.en)"
            + (setting.isYesOrNo ? ": yes or no\n" : "\n"))
      }
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set one of them. A secret is read from standard input, so that no shell keeps it.",
      discussion: """
        Example:
          klantreis mail set server smtp.example.org:587
          klantreis mail set password < password.txt
          klantreis mail set dkim < private.pem
          klantreis mail set logo none
        """)
    @Argument(help: "The setting; `klantreis mail` lists them.") var name: String
    @Argument(help: "The value; none takes it away.") var value: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      guard let setting = MailSetting(rawValue: name) else {
        throw Ending.wrongUse(
          "There is no setting \(name): choose "
            + MailSetting.allCases.map(\.rawValue).joined(separator: ", ") + ".")
      }
      var value = value
      if setting.isSecret, value != "none" {
        guard value == nil else {
          throw Ending.wrongUse(
            "\(name) is a secret: give it on standard input, as in `klantreis mail set \(name) < "
              + "FILE`.")
        }
        value =
          String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
          .trimmed
      }
      guard let value else { throw Ending.wrongUse("Say the value of \(name).") }
      let workspace = try data.open()
      // An encryption of none is a value of its own.
      let isTakenAway = value == "none" && setting != .security
      try workspace.set(setting, to: isTakenAway ? nil : value)
      try workspace.note(.settingChanged, setting.key)
      Terminal.write("\(name) is set.\n")
    }
  }

  struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make new DKIM keys and say their DNS records.",
      discussion: """
        Publish the records before mails are signed by the new keys: receivers look there.

        Example:
          klantreis mail key --selector 2026
        """)
    @Option(help: "The name of the keys in DNS.") var selector = MailSettings.selector
    @Flag(help: "Make them though there are keys already.") var again = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      if try workspace.store.setting(MailSetting.dkim.key) != nil, !again {
        throw Ending.failed("There are keys already. --again makes new ones in their place.")
      }
      try workspace.makeMailKeys(
        selector: selector,
        Deed(.settingChanged, MailSetting.dkim.key, by: Activity.commandLine, at: .now))
      Terminal.write("Made an RSA and an Ed25519 key. `klantreis mail check` prints the records.\n")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The DNS records to set, and what is still missing.",
      discussion: """
        Example:
          klantreis mail check
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let settings = try data.openExisting().mailSettings()
      for record in settings.records {
        Terminal.write(
          "\(Terminal.bold(record.kind))  \(record.name)  TXT\n  \(record.value)\n  \(record.why.en)\n\n"
        )
      }
      for line in settings.advice { Terminal.write("- \(line.text.en) `\(line.command)`\n") }
      if settings.advice.isEmpty { Terminal.write("Nothing is missing here.\n") }
    }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a mail to yourself, with what to look at in it.",
      discussion: """
        Example:
          klantreis mail test you@example.org
        """)
    @Argument(help: "Your address.") var address: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      guard let to = MailAddress(address) else {
        throw Ending.wrongUse("That is no mail address.")
      }
      do {
        try workspace.sendTest(to: to, language: .english)
      } catch let problem as MailNotSent {
        throw Ending.failed(problem.description)
      }
      Terminal.write("The server took it. Look into your mailbox.\n")
      for line in try workspace.mailSettings().advice {
        Terminal.write("- \(line.text.en) `\(line.command)`\n")
      }
    }
  }

  struct Reports: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read bounces and complaints from a mailbox file, or a folder of mails.",
      discussion: """
        Reading the same file twice does no harm.

        Example:
          klantreis mail reports /var/mail/bounces
          klantreis mail reports ~/Maildir/new
        """)
    @Argument(help: "A mailbox file (mbox), one mail, or a folder of mails.") var path: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw Ending.failed("\(path) is not there.")
      }
      let url = URL(filePath: path)
      let files =
        isFolder.boolValue
        ? try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
          .sorted { $0.path < $1.path }
        : [url]
      var (read, taken) = (0, 0)
      for file in files.prefix(Limits.reportsPerFile) {
        guard let bytes = try? Data(contentsOf: file) else { continue }
        for mail in MailReport.mails(inMailbox: String(decoding: bytes, as: UTF8.self)) {
          read += 1
          if try workspace.take(report: mail, at: .now) { taken += 1 }
        }
      }
      Terminal.write("Read \(read) mails; \(taken) were reports on ours.\n")
    }
  }

  struct Suppressed: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Addresses that nothing is sent to any more, and why.",
      discussion: """
        Example:
          klantreis mail suppressed
          klantreis mail suppressed --open ann@example.org
        """)
    @Option(help: ArgumentHelp("Send to this address again.", valueName: "address"))
    var open: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      guard let open else {
        for closed in try workspace.store.suppressions(limit: 10_000) {
          Terminal.write(
            "\(closed.address ?? "(erased)")  \(closed.at.iso8601)  \(closed.reason.code)\n")
        }
        return
      }
      guard let address = MailAddress(open),
        try workspace.store.unsuppress(try workspace.digest(of: address))
      else { throw Ending.failed("That address was not closed: nothing was changed.") }
      try workspace.note(.addressOpened, "")
      Terminal.write("The address is open again.\n")
    }
  }
}
