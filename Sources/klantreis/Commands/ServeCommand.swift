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

  /// With `entersOnce` the first link logs in at once; without it asks for a password first.
  func serve(_ workspace: Workspace, entersOnce: Bool = false) async throws {
    FreeMemory.giveBackWhileIdle()
    var logger = Logger(label: "klantreis") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let isEverywhere = host == "0.0.0.0" || host == "::"
    let names = allowedHosts + (isEverywhere ? [] : [host])
    let server = Server(
      workspace: workspace, allowedHosts: Set(names.map { $0.lowercased() }), logger: logger)
    let shownHost = isEverywhere ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    let first = try workspace.firstLink(enters: entersOnce, at: .now)
    let path = first.map(Workspace.welcomePath) ?? "/"
    let once = first == nil ? "" : "this link works once; "
    do {
      try await server.run(host: host, port: port) { port in
        Terminal.write(
          "The journey map is at http://\(shownHost):\(port)\(path)  (\(once)Ctrl-C stops)\n")
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
      Nobody can log in yet at the first start: it prints a link by which you choose a password as
      the owner. On another address than 127.0.0.1 put a proxy with https before it.

      Example:
        klantreis serve --data data --port 8080
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var server: ServerOptions

  func run() async throws { try await server.serve(try Workspace(serving: data.folder)) }
}
