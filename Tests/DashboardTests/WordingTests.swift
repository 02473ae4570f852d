import CustomerJourney
import Foundation
import Testing

@testable import Dashboard

@Suite struct WordingTests {
  static let templates = Templates.sources.mapValues { String(decoding: $0, as: UTF8.self) }

  @Test("Every text that a template asks for exists in both languages")
  func templateTexts() throws {
    let used = Self.templates.values.flatMap { source in
      source.matches(of: #/\{\{t\.([A-Za-z]+)\}\}/#).map { String($0.1) }
    }
    #expect(used.count > 100)
    for key in Set(used) {
      #expect(Wording.english[key] != nil, "t.\(key) is not in English")
      #expect(Wording.dutch[key] != nil, "t.\(key) is not in Dutch")
    }
  }

  @Test(
    "Reasons of rejected events are said in Dutch where the sentence is known, and else as they are",
    arguments: [
      ("has no event", "heeft geen gebeurtenis"), ("has no groupId", "heeft geen groupId"),
      ("has uadata that is no JSON", "heeft uadata dat geen JSON is"),
      ("has an anonymousId that is no text", "heeft anonymousId dat geen tekst is"),
      ("has a messageId of 100 characters or more", "heeft een messageId van 100 tekens of meer"),
      ("is larger than 32768 bytes", "is groter dan 32768 bytes"),
      ("has a user id of more than 200 characters", "heeft een user id van meer dan 200 tekens"),
      ("was sent by a program: crawler", "is door een programma gestuurd: crawler"),
      ("has no idea what it should be", nil), ("is larger than  bytes and more", nil), ("", nil),
    ] as [(String, String?)])
  func reasons(english: String, dutch: String?) {
    let said = Wording(language: .dutch).reason(english)
    #expect(said.text == dutch ?? english)
    #expect(said.language == (dutch == nil ? .english : .dutch))
    #expect(Wording(language: .english).reason(english).text == english)
  }

  @Test(
    "A test mail that was not sent says what to do",
    arguments: [
      ("no-connection", "Could not resolve host", "connection"), ("no-answer", "", "unknown"),
      ("smtp-5.7.8", "535 5.7.8 no", "login"), ("smtp-530", "530 log in", "login"),
      ("smtp-4.7.1", "451 4.7.1 later", "later"), ("smtp-5.1.1", "550 5.1.1 no", "refused"),
    ])
  func testMail(code: String, detail: String, kind: String) {
    for language in Language.allCases {
      let words = Wording(language: language)
      #expect(words.mailToDo(MessageReason(code, detail)) == words["mailToDo.\(kind)"])
      #expect(words["mailToDo.\(kind)"] != "mailToDo.\(kind)")
    }
  }

  @Test("A reason has at most one gap, in both languages")
  func gaps() {
    for (english, dutch) in Wording.reasons {
      let gaps = [english, dutch].map { text in text.count { $0 == "…" } }
      #expect(gaps == [0, 0] || gaps == [1, 1], "\(english)")
    }
  }

  @Test("No page shows a key in place of its text", arguments: Language.allCases)
  func noKeys(language: Language) {
    for key in ["map", "questions", "import", "funnel", "event", "device", "content", "phase"] {
      #expect(Wording(language: language)[key] != key || key == "device")
    }
  }

  @Test("Templates fill in without escaping only what the house itself drew")
  func unescaped() {
    let drawings: Set = [
      "body", "names", "field", "spark", "histogram", "overview", "picture", "gauge", "lanes",
    ]
    for (name, source) in Self.templates {
      for match in source.matches(of: #/\{\{\{([^}]*)\}\}\}/#) {
        #expect(drawings.contains(String(match.1)), "\(name) fills in \(match.1) as it is")
      }
      #expect(!source.contains("{{&"), "\(name) has another way around escaping")
    }
  }

  @Test("Pages can live under the Content-Security-Policy: nothing inline")
  func nothingInline() {
    for (name, source) in Self.templates {
      #expect(!source.contains("style=") && !source.contains("<style"), "\(name) has inline style")
      #expect(source.firstMatch(of: #/\son[a-z]+=/#) == nil, "\(name) has an inline handler")
      #expect(source.firstMatch(of: #/<script(?![^>]*src=)/#) == nil, "\(name) has inline script")
      #expect(!source.contains("http://") && !source.contains("https://"), "\(name) goes elsewhere")
    }
  }
}
