import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Store
import Testing

@testable import klantreis

@Suite("A project's data folder")
struct WorkspaceTests {
  let project: TestProject

  init() throws { project = try TestProject() }

  @Test("a snapshot that grows by what is new equals one that is read anew")
  func growing() throws {
    let first = try project.workspace.snapshot()
    try project.workspace.store.set("title", to: "Shop")
    let same = try project.workspace.snapshot().journeys
    #expect(same.parts[0].table === first.journeys.parts[0].table, "nothing is read twice")
    try project.workspace.store.append([
      TestProject.touch("ann", "2024-02-01T00:00:00Z", "Late Event", .email, "call"),
      TestProject.touch("aaa", "2024-03-03T00:00:00Z", "Product Viewed", .website, "shoe"),
      TestProject.touch("cas", "2024-03-06T18:30:00Z", "Product Viewed", .shop, cents: 5),
    ])
    let grown = try project.workspace.snapshot().journeys
    let anew = try Workspace(folder: project.folder).snapshot().journeys
    #expect(grown.count == first.journeys.count + 2, "one was known already")
    #expect(try rows(grown) == rows(anew))
    #expect(first.journeys.count == 7, "who holds a snapshot keeps it")
  }

  private func rows(_ journeys: Journeys) throws -> [[String]] {
    try (UInt32(1)...4).flatMap { customer in
      let journey = try #require(journeys.journey(ofCustomer: customer))
      return journeys.rows(ofJourney: journey).map { row in
        Dimension.allCases.map { journeys.name($0, row: row) }
          + [
            String(customer), String(journeys.time(row: row)), String(journeys.value(row: row)),
            String(journeys.rowID(row: row)),
          ]
      }
    }
  }

  private func total(_ journeys: Journeys) -> Int64 {
    journeys.parts.reduce(0) { $0 + $1.table.values.values.reduce(0, +) }
  }

  @Test("values in another currency than the project's count as nothing and are counted")
  func currency() throws {
    let pounds = Currency("GBP").map { Money(minorUnits: 700, currency: $0) }
    var sold = TestProject.touch("ann", "2024-04-01T00:00:00Z", "Order Completed", .shop)
    sold.value = pounds
    try project.workspace.store.append([sold])
    let journeys = try project.workspace.snapshot().journeys
    #expect(journeys.currency == .eur)
    #expect(journeys.foreignValues == 1)
    #expect(total(journeys) == 8695)
    try project.workspace.set(.currency, to: "GBP")
    let inPounds = try project.workspace.snapshot().journeys
    #expect(total(inPounds) == 700)
    #expect(inPounds.foreignValues == 3)
  }

  @Test("settings are checked before they are kept")
  func settings() throws {
    for (setting, value) in [
      (Workspace.Setting.zone, "Europe/Atlantis"), (.currency, "EURO"), (.model, "sttc"),
    ] {
      #expect(throws: (any Error).self) { try project.workspace.set(setting, to: value) }
    }
    #expect(try project.workspace.store.settings() == [:])
  }

  @Test("the number of purchases from which Care begins can be changed, and history moves with it")
  func carePurchases() throws {
    func carers() throws -> Int {
      let snapshot = try project.workspace.snapshot()
      let answer = try Question(.map, ["model": ["stdc"]]).answer(from: snapshot)
      let map = try #require(answer.report as? JourneyMap)
      return try #require(map.phases.first { $0.id == "care" }).customers
    }
    let before = try carers()
    try project.workspace.store.set(
      ModelSetting(model: "stdc", setting: "carePurchases").name, to: "3")
    #expect(try carers() < before)
  }

  @Test("a project's own model is read from its folder, and a bad one says what is wrong")
  func ownModel() throws {
    let yaml = """
      id: tiny
      name: {en: Tiny, nl: Klein}
      phases:
        - {id: before, name: {en: Before}, question: {en: Who comes?}}
        - {id: bought, name: {en: Bought}, question: {en: Who stays?}}
      rules:
        - {phase: bought, when: 'event is "Order Completed"', because: {en: They bought}}
      """
    try project.workspace.addModel(id: "tiny", yaml: yaml)
    let snapshot = try project.workspace.snapshot()
    #expect(snapshot.models["tiny"]?.phases.count == 2)
    let wrong = yaml.replacing("phase: bought", with: "phase: x")
    try project.workspace.addModel(id: "tiny", yaml: wrong)
    try project.workspace.addModel(id: "bad", yaml: "id: bad")
    let rest = try project.workspace.snapshot().models
    #expect(rest.models.map(\.id) == JourneyModel.builtIn.map(\.id), "the others stay usable")
    let problem = String(describing: try #require(rest.problem))
    #expect(problem.contains("bad.yaml"))
    #expect(problem.contains("tiny.yaml"))
  }

  @Test("a setting of an older version of a model is left alone, and harms nothing")
  func staleSetting() throws {
    try project.workspace.store.set(
      ModelSetting(model: "stdc", setting: "gone").name, to: "3")
    #expect(try project.workspace.snapshot().models["stdc"] != nil)
  }
}

@Suite("The period of a question")
struct PeriodTests {
  private let amsterdam = Zone.amsterdam

  @Test("days are the project's own, and the last one belongs to the period")
  func days() throws {
    let period = try Period(from: "2024-03-30", to: "2024-03-31", zone: amsterdam)
    #expect(period.from?.iso8601 == "2024-03-29T23:00:00Z")
    // The clocks went forward that night, so this day had 23 hours.
    #expect(period.to?.iso8601 == "2024-03-31T22:00:00Z")
  }

  @Test(
    "a moment is taken as it is, with or without a zone",
    arguments: [
      ("2024-06-01T10:00:00Z", "2024-06-01T10:00:00Z"),
      ("2024-06-01T10:00:00", "2024-06-01T08:00:00Z"),
    ])
  func moments(text: String, expected: String) throws {
    #expect(try Period(from: nil, to: text, zone: amsterdam).to?.iso8601 == expected)
  }

  @Test("a day whose midnight the clocks skip ends where the next begins")
  func skippedMidnight() throws {
    let cairo = try #require(Zone("Africa/Cairo"))
    let period = try Period(from: "2024-04-26", to: "2024-04-26", zone: cairo)
    #expect(period.from?.iso8601 == "2024-04-25T22:00:00Z")
    #expect(period.to?.iso8601 == "2024-04-26T21:00:00Z")
  }

  @Test("no text is no bound", arguments: [nil, "", " "] as [String?])
  func open(text: String?) throws {
    #expect(try Period(from: text, to: text, zone: amsterdam) == .all)
  }

  @Test(
    "a date that doesn't exist and a period that ends before it begins are errors",
    arguments: [("2023-02-29", "2024-01-01"), ("2024-01-02", "2024-01-01"), ("soon", "later")])
  func bad(from: String, to: String) {
    #expect(throws: ParameterError.self) { try Period(from: from, to: to, zone: amsterdam) }
  }
}
