import ArgumentParser
import Foundation
import Logging

/// Where the server listens.
struct ServerOptions: ParsableArguments {
  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 takes a free one.")
  var port = 8080

  @Option(
    name: .customLong("allow-host"),
    help: ArgumentHelp(
      "Another host name under which browsers may reach it; may be given more than once.",
      valueName: "name"))
  var allowedHosts: [String] = []

  func serve(_ workspace: Workspace) async throws {
    var logger = Logger(label: "klantreis") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let isEverywhere = host == "0.0.0.0" || host == "::"
    let names = allowedHosts + (isEverywhere ? [] : [host])
    let server = Server(
      workspace: workspace, allowedHosts: Set(names.map { $0.lowercased() }), logger: logger)
    let shownHost = isEverywhere ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    do {
      try await server.run(host: host, port: port) { port in
        Terminal.write("The journey map is at http://\(shownHost):\(port)/  (Ctrl-C stops)\n")
      }
    } catch let error where String(describing: error).contains("address already in use") {
      throw Ending.failed(
        "Port \(port) on \(host) is in use by another program. Stop that one, or choose another "
          + "port with --port.")
    }
  }
}

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the dashboard and the API of a data folder.",
    discussion: """
      There is no login yet: listen on another address than 127.0.0.1 only in a network that you
      trust.

      Example:
        klantreis serve --data data --port 8080
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var server: ServerOptions

  func run() async throws { try await server.serve(try Workspace(serving: data.folder)) }
}
