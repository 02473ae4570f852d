import CustomerJourney
import Foundation
import Testing

@Suite("Persons who may be one")
struct PersonMatchingTests {
  /// The synthetic persons of shared data, which stands beside the checkout.
  private static let file: URL = {
    if let shared = ProcessInfo.processInfo.environment["KLANTREIS_SHARED"] {
      return URL(filePath: shared).appending(path: "data/febrl/dataset1.csv")
    }
    return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "shared/data/febrl/dataset1.csv")
  }()
  private static let hasPersons = FileManager.default.fileExists(atPath: file.path)

  private static func read(_ text: String) -> ([PersonRecord], [String]) {
    var (records, ids): ([PersonRecord], [String]) = ([], [])
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 11 else { continue }
      ids.append(String(cells[0].split(separator: "-")[1]))
      records.append(
        PersonRecord([
          .given: cells[1], .surname: cells[2], .number: cells[3], .street: cells[4],
          .city: cells[6], .postcode: cells[7], .birthday: cells[9],
        ]))
    }
    return (records, ids)
  }

  @Test(
    "of synthetic persons with typing errors nearly all pairs are found, and nearly no others",
    .enabled(if: hasPersons, "the folder shared/data/febrl is not beside this checkout"))
  func febrl() throws {
    let (records, ids) = Self.read(try String(contentsOf: Self.file, encoding: .utf8))
    #expect(records.count == 1000)
    let found = PersonMatching.matches(among: records)
    let right = found.count { ids[$0.first] == ids[$0.second] }
    let (precision, recall) = (Double(right) / Double(found.count), Double(right) / 500)
    print("FEBRL: \(found.count) pairs, precision \(precision), recall \(recall)")
    #expect(precision >= 0.98)
    #expect(recall >= 0.98)
    // Without the second record of anybody there is nothing to find.
    var seen: Set<String> = []
    let alone = zip(records, ids).filter { seen.insert($0.1).inserted }.map(\.0)
    #expect(alone.count == 500)
    #expect(PersonMatching.matches(among: alone).count <= 2)
  }

  private static let anna: [PersonRecord.Field: String] = [
    .given: "Anna", .surname: "de Vries", .birthday: "1984-03-07", .street: "Lindelaan",
    .number: "12", .city: "Utrecht", .postcode: "3511 AB",
  ]

  static let pairs: [(String, [PersonRecord.Field: String], Bool)] = [
    ("the same", [:], true),
    (
      "a letter less, and another spelling of the postcode",
      [.surname: "de Vris", .postcode: "3511ab"], true
    ),
    ("day and month in each other's places", [.birthday: "1984-07-03"], true),
    ("names in each other's places", [.given: "de Vries", .surname: "Anna"], true),
    (
      "moved to another town",
      [.street: "Havenkade", .number: "3", .city: "Delft", .postcode: "2611 CD"], true
    ),
    ("another person in the same house", [.given: "Bram", .birthday: "1981-11-30"], false),
    (
      "another person of that name elsewhere",
      [
        .birthday: "1951-10-22", .street: "Havenkade", .number: "3", .city: "Delft",
        .postcode: "2611 CD",
      ], false
    ),
  ]

  @Test(
    "what people mistype is seen through, and what tells persons apart is not", arguments: pairs)
  func pair(name: String, changes: [PersonRecord.Field: String], isMatch: Bool) {
    let other = PersonRecord(Self.anna.merging(changes) { $1 })
    let found = PersonMatching.matches(among: [PersonRecord(Self.anna), other])
    #expect(!found.isEmpty == isMatch, "\(name): \(PersonScore(PersonRecord(Self.anna), other))")
  }

  @Test(
    "texts are as alike as Jaro and Winkler say",
    arguments: [
      ("martha", "marhta", 0.9611), ("dwayne", "duane", 0.84), ("dixon", "dicksonx", 0.8133),
      ("", "", 1), ("a", "", 0), ("same", "same", 1),
    ])
  func jaroWinkler(x: String, y: String, similarity: Double) {
    #expect(abs(Similarity.jaroWinkler(x, y) - similarity) < 0.0001)
    #expect(Similarity.jaroWinkler(x, y) == Similarity.jaroWinkler(y, x))
  }

  @Test("traits are found by their usual names")
  func traits() {
    let record = PersonRecord(traits: [
      "firstName": .text("Ánna"), "last_name": .text("De  Vries"), "address.city": .text("Utrecht"),
      "dateOfBirth": .text("1984-03-07"), "name": .text("something else"),
    ])
    #expect(record[.given] == "anna")
    #expect(record[.surname] == "de vries")
    #expect(record[.birthday] == "19840307")
    #expect(record[.city] == "utrecht")
    #expect(record.saysEnough)
    let whole = PersonRecord(traits: ["name": .text("Anna de Vries")])
    #expect(whole[.given] == "anna")
    #expect(whole[.surname] == "de vries")
    #expect(!whole.saysEnough)
  }
}
