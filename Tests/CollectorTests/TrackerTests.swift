import Testing

@testable import Collector

@Suite("The tracker's script")
struct TrackerTests {
  private static let source = String(decoding: PackageResources.klantreis_js, as: UTF8.self)

  @Test("it is below 4 KB as browsers get it, and unpacks to the plain one")
  func size() throws {
    let packed = try #require(Tracker.packed)
    #expect(packed.count < 4_096)
    #expect(
      try Unpacking.unpacked(packed, encoding: "gzip", limit: 100_000) == Tracker.script)
  }

  @Test(
    "what only readers need is left out, and nothing else",
    arguments: [
      ("// why\nlet a = 1;\n", "let a=1;", "a comment has no effect"),
      ("  if (a) {\n    b();\n  }\n", "if(a){b();}", "nor has indentation"),
      ("const a = \"b = c, d\";", "const a=\"b = c, d\";", "a text keeps its spaces"),
      ("return new Date();", "return new Date();", "words stay apart"),
      ("a = b\n  + c;", "a=b\n+c;", "a line end that may mean something stays"),
      ("typeof a == \"x\" ? 1 : 2", "typeof a==\"x\"?1:2", "signs need no spaces"),
    ])
  func lean(source: String, expected: String, reason: Comment) {
    #expect(
      String(decoding: Tracker.lean(Array(source.utf8)), as: UTF8.self) == expected, reason)
  }

  @Test("the source keeps to what makes leaving out safe, and to ES2018")
  func rules() {
    for (number, line) in Self.source.split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      let code = line.drop { $0 == " " }
      guard !code.hasPrefix("//") else { continue }
      let place: Comment = "line \(number + 1)"
      #expect(!code.contains("'") && !code.contains("`"), place)
      #expect(code.count { $0 == "\"" }.isMultiple(of: 2), place)
      #expect(!code.contains("//") && !code.contains("/*"), place)
      #expect(!code.contains("+ +") && !code.contains("- -"), place)
      #expect(!code.contains("?.") && !code.contains("??"), place)
      #expect(!code.contains("catch {"), place)
    }
  }
}
