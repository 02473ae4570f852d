import Collector
import CustomerJourney
import Foundation
import Hummingbird
import Store
import Testing

@testable import klantreis

@Suite("Importing files without columns")
struct ImportTests {
  let project: TestProject

  init() throws { project = try TestProject([]) }

  private static let agent =
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"

  private static func visit(_ target: String, _ second: Int) -> String {
    "83.149.9.216 - - [17/May/2015:10:05:\(second) +0000] \"GET \(target) HTTP/1.1\" 200 10 \"-\" "
      + "\"\(agent)\""
  }

  /// Many pictures before the first page.
  private static let logText =
    ((10..<40).map { visit("/a\($0).png", $0) } + [visit("/shoes", 41), visit("/cart", 42), "oops"])
    .joined(separator: "\n")

  private static let eventText = (1...3).map { number in
    #"{"type":"track","userId":"u\#(number)","event":"Product Viewed","messageId":"m\#(number)","#
      + #""timestamp":"2024-03-01T10:00:00Z","properties":{}}"#
  }.joined(separator: "\n")

  private func run(_ text: String, name: String) throws -> ImportRunner.Outcome {
    let file = project.folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    let options = ImportOptions(now: .now, visitorKey: try project.workspace.visitorKey())
    return try ImportRunner(workspace: project.workspace, options: options)
      .run(path: file.path, mapping: nil)
  }

  @Test("a log's visits are stored once, what is no visit is counted with its reason")
  func log() throws {
    for round in 1...2 {
      // Rotation gives the file another name.
      let outcome = try run(Self.logText, name: round == 1 ? "access.log" : "access.log.1")
      #expect(outcome.read == 33)
      #expect(outcome.stored == (round == 1 ? 2 : 0))
      #expect(outcome.duplicates == (round == 1 ? 0 : 2))
      #expect(outcome.rejected == 1)
      #expect(outcome.leftOut == 30)
      #expect(outcome.leftOutReasons.values.reduce(0, +) == 30)
      #expect(outcome.format == "combined-log")
      let text = ImportCommand.text(outcome, name: "access.log")
      #expect(text.contains("30 left out: asks for a part of a page"))
      #expect(text.contains("read as combined-log"))
      let rejected = try String(
        contentsOfFile: try #require(outcome.rejectedFile), encoding: .utf8)
      #expect(rejected.contains("33"))
    }
    #expect(try project.workspace.store.touchpointCount() == 2)
  }

  @Test("a client's events are stored once")
  func events() throws {
    #expect(try run(Self.eventText, name: "archive.jsonl").stored == 3)
    let again = try run(Self.eventText, name: "archive.jsonl")
    #expect(again.stored == 0)
    #expect(again.duplicates == 3)
  }

  @Test("a file is read with what the project says: zone, currency, places and sources' mappings")
  func projectOptions() throws {
    let workspace = project.workspace
    #expect(try workspace.importOptions().zone == .amsterdam)
    try workspace.set(.zone, to: "America/New_York")
    try workspace.set(.currency, to: "USD")
    try workspace.addSource(name: "archive", mapping: "ignore: [Product Viewed]")
    let options = try workspace.importOptions()
    #expect(options.zone == Zone("America/New_York"))
    #expect(options.currency == Currency("USD"))
    #expect(options.visitorKey == (try workspace.visitorKey()))
    #expect(options.sourceMappings["archive"]?.ignored == ["Product Viewed"])
    let file = project.folder.appending(path: "archive.jsonl")
    try Data(Self.eventText.utf8).write(to: file)
    let outcome = try ImportRunner(workspace: workspace, options: options)
      .run(path: file.path, mapping: nil)
    #expect(outcome.stored == 0)
    #expect(outcome.leftOutReasons == ["is left out by the source's mapping": 3])
    // Without its places nothing is imported by mistake.
    try workspace.store.set(Workspace.Setting.geo.rawValue, to: "/nowhere/city.mmdb")
    #expect(throws: GeoDatabase.Problem.self) { _ = try workspace.importOptions() }
  }

  @Test("the secret of a project is made once, and no list of settings needs it")
  func visitorKey() throws {
    let key = try project.workspace.visitorKey()
    #expect(key.utf8.count == 64)
    #expect(try Workspace(folder: project.folder).visitorKey() == key)
    #expect(try TestProject([]).workspace.visitorKey() != key)
  }

  @Test(
    "--format takes what a file holds, and the outcome's form as every command does",
    arguments: ["csv", "jsonl", "xes", "combined-log", "segment"])
  func formats(name: String) throws {
    let format = try #require(ImportFormat(name))
    #expect(FormatOption(argument: name) == .input(format))
    #expect(FormatOption(argument: "json") == .outcome(.json))
    #expect(FormatOption(argument: "text") == .outcome(.text))
    #expect(FormatOption(argument: "svg") == nil)
    #expect(FormatOption.allValueStrings.allSatisfy { FormatOption(argument: $0) != nil })
  }

  @Test(
    "the page takes in a file without columns, and asks for none",
    arguments: [
      ("access.log", ImportTests.logText, "web server", 2),
      ("archive.jsonl", ImportTests.eventText, "segment", 3),
    ])
  func page(name: String, text: String, form: String, stored: Int) async throws {
    try await project.serving { client in
      let preview = try await client.execute(
        uri: "/import", method: .post,
        headers: [
          .contentType: "multipart/form-data; boundary=xyz", .acceptLanguage: "en",
        ],
        body: .init(
          string:
            "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n"
            + text + "\r\n--xyz--\r\n")
      ) { ($0.status, String(buffer: $0.body)) }
      #expect(preview.0 == .ok)
      #expect(preview.1.contains(form))
      #expect(!preview.1.contains("name=\"column."))
      #expect(preview.1.contains("formaction=\"/import/confirm\""))
      let token = try #require(preview.1.firstMatch(of: /name="upload" value="([0-9a-f-]+)"/)?.1)
      let done = try await client.execute(
        uri: "/import/confirm", method: .post, headers: [.acceptLanguage: "en"],
        body: .init(string: "upload=\(token)")
      ) { ($0.status, String(buffer: $0.body)) }
      #expect(done.0 == .ok)
      // Nobody shall wonder where most of a log's lines went.
      #expect(done.1.contains("asks for a part of a page") == (name == "access.log"))
      #expect(try project.workspace.store.touchpointCount() == stored)
    }
  }
}
