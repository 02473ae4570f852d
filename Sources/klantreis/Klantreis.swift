import Access
import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Insights
import Orchestration
import Store

/// The program: parses the command line, runs one command, and ends with its exit code.
@main
struct Klantreis: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "klantreis",
    abstract: "The customer journey of your own customers, from your own data.",
    discussion: """
      Begin with a real shop, then with your own export:

        klantreis demo
        klantreis import export.csv --dry-run
        klantreis import export.csv
        klantreis serve

      Exit codes: 0 done, 1 failed, 2 wrong use, 3 some input was rejected.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Data",
        subcommands: [
          DemoCommand.self, ImportCommand.self, SimulateCommand.self, ServeCommand.self,
          SourcesCommand.self, BackupCommand.self, RestoreCommand.self, VerifyCommand.self,
          RebuildCommand.self,
        ]),
      CommandGroup(
        name: "Questions",
        subcommands: [
          MapCommand.self, PhaseCommand.self, TransitionsCommand.self, PathsCommand.self,
          FunnelCommand.self, RelatedCommand.self, JourneyCommand.self, SegmentCommand.self,
        ]),
      CommandGroup(
        name: "Project",
        subcommands: [
          CustomersCommand.self, TraitsCommand.self, AccountsCommand.self, ModelsCommand.self,
          SegmentsCommand.self, SettingsCommand.self, UsersCommand.self, TokensCommand.self,
          PlayCommand.self,
        ]),
      CommandGroup(
        name: "Messages",
        subcommands: [
          MessagesCommand.self, ContentCommand.self, MailCommand.self, WebhooksCommand.self,
          AudienceCommand.self,
        ]),
      CommandGroup(
        name: "Privacy",
        subcommands: [
          ConsentCommand.self, AccessExportCommand.self, EraseCommand.self, RetentionCommand.self,
        ]),
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      end(error)
    }
  }

  /// Says what happened, and leaves with its exit code.
  private static func end(_ error: any Error) -> Never {
    switch error {
    case let end as Ending:
      if let message = end.message { Terminal.note("klantreis: \(message)") }
      Foundation.exit(end.code.rawValue)
    case let error as ParameterError: fail("--\(error)", .wrongUse)
    case let error as InsightError: fail("\(error)", .wrongUse)
    case let error as SourceTextProblem: fail("\(error)", .wrongUse)
    case let error as SourceProblem: fail("\(error)", .failed)
    case let error as SegmentProblem: fail("\(error)", .failed)
    case let error as IdentityProblem: fail("\(error)", .failed)
    case let error as TraitProblem: fail("\(error)", .failed)
    case let error as AccountProblem: fail("\(error)", .failed)
    case let error as BackupProblem: fail("\(error)", .failed)
    case let error as UserProblem: fail("\(error)", .failed)
    case let error as MailSettingProblem: fail("\(error)", .wrongUse)
    case let error as ContentError: fail("\(error)", .failed)
    case let error as PrivacyProblem: fail("\(error)", .failed)
    case let error as ImportError where error.kind == .mapping: fail("\(error)", .wrongUse)
    case _ where exitCode(for: error) == .success:
      // Help and version are no mistakes.
      Terminal.write(fullMessage(for: error) + "\n")
      Foundation.exit(0)
    case _ where exitCode(for: error) == .validationFailure:
      Terminal.note(fullMessage(for: error))
      Foundation.exit(Ending.Code.wrongUse.rawValue)
    default: fail("\(error)", .failed)
    }
  }

  private static func fail(_ message: String, _ code: Ending.Code) -> Never {
    Terminal.note("klantreis: \(message)")
    Foundation.exit(code.rawValue)
  }
}

/// How a command ends when it is not simply done.
struct Ending: Error {
  enum Code: Int32 {
    case failed = 1
    case wrongUse = 2
    case someRejected = 3
  }

  var code: Code
  var message: String?

  static func failed(_ message: String) -> Ending { Ending(code: .failed, message: message) }
  static func wrongUse(_ message: String) -> Ending { Ending(code: .wrongUse, message: message) }
  /// The numbers were printed already.
  static let someRejected = Ending(code: .someRejected, message: nil)
}
