import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite struct FindingColumns {
  @Test(
    "columns are found by their usual names",
    arguments: [
      ("customer_id,timestamp,event", "English"), ("Klantnummer;Datum;Gebeurtenis", "Dutch"),
      ("KLANT-NR\tTijdstip\tActie", "capitals, dashes and tabs"),
      ("\"user id\"|\"event time\"|\"event type\"", "quotes and pipes"),
      ("klantnr, datum, gebeurtenis", "spaces after commas"),
    ]
  ) func names(header: String, why: String) throws {
    let delimiter = try #require(header.first { ";\t|,".contains($0) })
    let row = ["c1", "2024-01-02 03:04:05", "view_item"].joined(separator: String(delimiter))
    let imported = try importAll("\(header)\n\(row)\n")
    let touchpoint = try #require(imported.touchpoints.first, "\(why)")
    #expect(touchpoint.customer == "c1")
    #expect(touchpoint.occurred.iso8601 == "2024-01-02T03:04:05Z")
    #expect(touchpoint.event == .productViewed)
    #expect(touchpoint.channel == .website)
    #expect(touchpoint.source == "events")
  }

  @Test("all facts of a row are kept, and what no one knows becomes a property")
  func everything() throws {
    let imported = try importAll(
      """
      klantnummer;datum;tijd;gebeurtenis;kanaal;herkomst;apparaat;artikel;campagne;bedrag;valuta;maat
      c1;02-01-2024;13:30;purchase;winkel;nieuwsbrief;mobiel;Schoen;Lente;1.234,50;eur;42
      """)
    let touchpoint = try #require(imported.touchpoints.first)
    #expect(touchpoint.occurred.iso8601 == "2024-01-02T13:30:00Z")
    #expect(touchpoint.event == .orderCompleted)
    #expect(touchpoint.channel == .shop)
    #expect(touchpoint.origin?.name == "Email")
    #expect(touchpoint.device?.name == "Phone")
    #expect(touchpoint.content == "Schoen")
    #expect(touchpoint.campaign == "Lente")
    #expect(touchpoint.value == Money(minorUnits: 123_450, currency: .eur))
    #expect(touchpoint.properties == ["maat": .text("42")])
    #expect(touchpoint.received == testNow)
  }

  @Test("the preview says what each column is read as, and what was assumed")
  func preview() throws {
    let folder = try TemporaryFolder()
    let rows = (1...50).map { "c\($0),0\($0 % 9 + 1)/02/2024,\($0).500,x" }
    let path = try folder.write(
      "orders.csv", Data(("klant,datum,bedrag,maat\n" + rows.joined(separator: "\n")).utf8))
    let preview = try FileImport.preview(path: path, rows: 5, options: testOptions)
    #expect(
      preview.columns.map(\.use) == [
        "`klant` is read as customer", "`datum` is read as time", "`bedrag` is read as value",
        "`maat` is kept as the property maat",
      ])
    #expect(preview.rows.count == 5)
    #expect(preview.form == "CSV with \",\" between columns, utf-8")
    let warnings = preview.warnings.joined(separator: "\n")
    for part in ["Order Completed", "Website", "day comes first", "before the decimals"] {
      #expect(warnings.contains(part), "\(part)")
    }
  }
}

@Suite struct ReadingFiles {
  private let header = "customer,time,event,content\n"

  @Test("quotes, line breaks in them, and every line end are read; lines keep their numbers")
  func csv() throws {
    let text =
      header
      + "c1,2024-01-01,view_item,\"a \"\"b\"\", c\"\r\nc2,2024-01-02,view_item,\"two\nlines\"\r"
      + "c3,2024-01-03,view_item,5\" pipe\n\nc4,2024-01-04,view_item, \"spaced\" ,\nc5,2024-01-05,view_item,"
    let imported = try importAll(text)
    #expect(imported.rejected == [])
    #expect(
      imported.touchpoints.map(\.content) == [
        "a \"b\", c", "two\nlines", "5\" pipe", "spaced", nil,
      ])
    #expect(imported.lines == [2, 3, 5, 7, 8])
  }

  @Test("rows with another number of fields are rejected with their line, the rest is read")
  func wrongFieldCount() throws {
    let imported = try importAll(
      header + "c1,2024-01-01,view_item,x\nc2,2024-01-01\nc3,2024-01-01,a,b,c\nc4,2024-01-01,x,y\n")
    #expect(imported.touchpoints.map(\.customer) == ["c1", "c4"])
    #expect(imported.rejected.map(\.line) == [3, 4])
    #expect(imported.rejected[0].reason == "has 2 fields where the file has 4 columns")
    #expect(imported.rejected[0].text == "c2,2024-01-01")
  }

  @Test("an unclosed quote costs its own row only", arguments: ["\"open", "\"open\"x", "x,\"open"])
  func unclosedQuote(start: String) throws {
    var text = header + "c0,2024-01-01,view_item,\(start)\n"
    for row in 1...20_000 { text += "c\(row),2024-01-01,view_item,page \(row)\n" }
    let imported = try importAll(text)
    #expect(imported.touchpoints.count == 20_000)
    #expect(imported.rejected.map(\.line) == [2])
  }

  @Test("a row beyond the limit is rejected and passed by", arguments: [true, false])
  func longRow(isQuoted: Bool) throws {
    let long = String(repeating: isQuoted ? "\"\"" : "x", count: 10_000_000 / (isQuoted ? 2 : 1))
    let text =
      header + "c1,2024-01-01,view_item,\(isQuoted ? "\"" : "")\(long)\nc2,2024-01-01,view_item,x\n"
    let imported = try importAll(text)
    #expect(imported.touchpoints.map(\.customer) == ["c2"])
    #expect(imported.lines == [3])
    #expect(imported.rejected.map(\.line) == [2])
    #expect((imported.rejected.first?.text.utf8.count ?? 0) <= 200)
  }

  @Test("a row of just the limit is read", arguments: [0, 1])
  func limitOfRow(over: Int) throws {
    let start = "c1,2024-01-01,view_item,x,"
    let filler = String(repeating: "y", count: Limits.eventBytes - start.utf8.count + over)
    let imported = try importAll("customer,time,event,content,text\n\(start)\(filler)\n")
    #expect(imported.touchpoints.count == 1 - over)
    #expect(imported.rejected.count == over)
  }

  @Test("fifty million quotes or commas on one line are one rejected row", arguments: ["\"", ","])
  func bombLine(letter: Character) throws {
    var data = Data(header.utf8)
    data.append(Data(repeating: letter.asciiValue ?? 0, count: 50_000_000))
    data.append(Data("\nc2,2024-01-01,view_item,x\n".utf8))
    let imported = try importAll(data)
    #expect(imported.touchpoints.map(\.customer) == ["c2"])
    #expect(imported.rejected.map(\.line) == [2])
  }

  @Test("rows with NUL bytes are rejected")
  func nulBytes() throws {
    let imported = try importAll(
      header + "c1,2024-01-01,view\0_item,x\nc2,2024-01-01,view_item,x\n")
    #expect(imported.touchpoints.map(\.customer) == ["c2"])
    #expect(imported.rejected.first?.reason == "holds NUL bytes")
  }

  @Test(
    "every encoding is read, with its mark or without",
    arguments: [
      (String.Encoding.utf8, [], "UTF-8"), (.utf8, [0xEF, 0xBB, 0xBF], "UTF-8 with a mark"),
      (.utf16LittleEndian, [0xFF, 0xFE], "UTF-16, as Excel saves Unicode text"),
      (.utf16BigEndian, [0xFE, 0xFF], "UTF-16, the other way"), (.windowsCP1252, [], "Windows"),
    ] as [(String.Encoding, [UInt8], String)]
  ) func encodings(encoding: String.Encoding, mark: [UInt8], why: String) throws {
    let text = "klant,datum,gebeurtenis,artikel\nc1,2024-01-02,view_item,Crème brûlée €\n"
    let data = Data(mark) + (try #require(text.data(using: encoding)))
    let imported = try importAll(data)
    #expect(imported.touchpoints.first?.content == "Crème brûlée €", "\(why)")
  }

  @Test("characters beyond the first 65,536 survive UTF-16, and half ones are rejected")
  func surrogates() throws {
    var data = Data([0xFF, 0xFE])
    data += try #require(
      "\(header)c1,2024-01-02,view_item,🛒\nc2,2024-01-02,view_item,".data(
        using: .utf16LittleEndian))
    data += Data([0x00, 0xD8, 0x0A, 0x00])
    let imported = try importAll(data)
    #expect(imported.touchpoints.map(\.content) == ["🛒"])
    #expect(imported.rejected.map(\.line) == [3])
  }

  @Test("a row in another encoding than the file is rejected with its reason")
  func mixedEncodings() throws {
    var data = Data("\(header)c1,2024-01-02,view_item,Crème\nc2,2024-01-02,view_item,".utf8)
    data += Data([0x43, 0x72, 0xE8, 0x6D, 0x65, 0x0A])
    data += Data("c3,2024-01-02,view_item,brûlée\n".utf8)
    let imported = try importAll(data)
    #expect(imported.touchpoints.map(\.customer) == ["c1", "c3"])
    #expect(imported.rejected.map(\.line) == [3])
    #expect(imported.rejected[0].reason.contains("no characters in the file's encoding"))
  }

  @Test("gzip is unpacked, and a zip is imported file by file")
  func packed() throws {
    let gzip = try importAll(Packed.twoRows, name: "events.csv.gz")
    #expect(gzip.touchpoints.map(\.customer) == ["c1", "c2"])
    let zip = try importAll(Packed.twoMonths, name: "events.zip")
    #expect(zip.touchpoints.map(\.customer) == ["c1", "c2"])
    #expect(zip.touchpoints[1].occurred.iso8601 == "2024-02-03T00:00:00Z")
    #expect(zip.rejected.map(\.part) == ["readme.txt"])
    #expect(zip.failure == nil)
  }

  @Test("of a file that is cut off, whole rows are read and then the error is told")
  func cutOff() throws {
    // Longer than the block that is read at once; the headers in between are rejected rows.
    var data = Data()
    for _ in 0..<500 { data += Packed.sixtyRows }
    let whole = try importAll(data, name: "rows.csv.gz")
    #expect(whole.touchpoints.count == 30_000)
    let imported = try importAll(data.dropLast(100), name: "rows.csv.gz")
    #expect(imported.touchpoints.count > 20_000)
    #expect(imported.touchpoints == Array(whole.touchpoints.prefix(imported.touchpoints.count)))
    #expect((imported.failure as? ImportError)?.kind == .brokenArchive)
    #expect(try refusal(Packed.sixtyRows.dropLast(100))?.kind == .brokenArchive)
  }

  @Test("a broken zip is told")
  func brokenZip() throws {
    var data = Packed.twoMonths
    for at in 60..<90 { data[data.startIndex + at] = 0xAA }
    do {
      let imported = try importAll(data, name: "events.zip")
      #expect((imported.failure as? ImportError)?.kind == .brokenArchive)
    } catch let error as ImportError {
      #expect(error.kind == .brokenArchive)
    }
  }

  @Test("a gzip bomb is stopped at the limit, a packed file below it is not")
  func bomb() throws {
    var data = Data()
    for _ in 0..<Int(Limits.bombFloorBytes / 1_048_576) + 2 { data += Packed.bombPiece }
    let imported = try importAll(data, name: "bomb.csv.gz")
    #expect((imported.failure as? ImportError)?.kind == .bomb)
    let small = try importAll(Packed.bombPiece + Packed.bombPiece, name: "bomb.csv.gz")
    #expect(small.failure == nil)
  }

  @Test("JSON Lines and JSON arrays are rows, nested keys are dotted paths")
  func json() throws {
    let first =
      #"{"user": {"id": 7}, "timestamp": 1704164645, "event": "view_item", "product": {"price": 9.5, "tags": ["a\u00e9\ud83d\uded2"]}, "new": true}"#
    let second = #"{"user":{"id":8},"timestamp":1704164645,"event":"view_item","later":null}"#
    let mapping = "columns: {customer: user.id, time: timestamp, event: event}\nextra: all"
    let lines = try importAll("\(first)\n\(second)\n", name: "e.jsonl", mapping: mapping)
    let array = try importAll("[\(first),\n \(second)]", name: "e.json", mapping: mapping)
    for imported in [lines, array] {
      #expect(imported.rejected == [])
      #expect(imported.touchpoints.map(\.customer) == ["7", "8"])
      #expect(
        imported.touchpoints[0].properties == [
          "product.price": .number(9.5), "product.tags.0": .text("aé🛒"), "new": .flag(true),
        ])
      #expect(imported.touchpoints[1].properties == [:])
    }
  }

  @Test(
    "rows of JSON that cannot be read are rejected, the rest is read",
    arguments: [
      "{\"customer\": \"c1\"", "{customer: 1}", "[1]", "nonsense", "{\"a\":1} {\"b\":2}",
      "{\"a\": \"\\ud800\"}", "{\"a\": 01x}", "{\"a\": tru}", "{\"a\": [1,}",
      "{\"a\": " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}",
    ]
  ) func badJSON(line: String) throws {
    let good = #"{"customer":"c1","time":"2024-01-02","event":"view_item"}"#
    let imported = try importAll("\(good)\n\(line)\n\(good)\n", name: "e.jsonl")
    #expect(imported.touchpoints.count == 2)
    #expect(imported.rejected.map(\.line) == [2])
  }

  @Test(
    "broken objects of a JSON array are found at once, however many",
    arguments: ["{\"\\\"", "{\"a\":", "x", "{{", "{\"a\": 1"])
  func brokenArray(line: String) throws {
    let good = #"{"customer":"c1","time":"2024-01-02","event":"view_item"}"#
    let text = "[\(good),\n" + String(repeating: "\(line)\n", count: 20_000) + "\(good)]"
    let imported = try importAll(text, name: "e.json")
    #expect(imported.touchpoints.first?.customer == "c1")
    #expect(imported.rejected.count > 10_000)
  }

  @Test("JSON keys that first come after the head of the file are kept")
  func lateKeys() throws {
    var text = ""
    for row in 0..<6_000 {
      text +=
        "{\"customer\":\"c\(row)\",\"time\":\"2024-01-02\",\"event\":\"view_item\",\"page\":\"p\"}\n"
    }
    text +=
      "{\"customer\":\"x\",\"time\":\"2024-01-02\",\"event\":\"view_item\",\"late\":\"yes\"}\n"
    let imported = try importAll(text, name: "e.jsonl")
    #expect(imported.touchpoints.last?.properties == ["late": .text("yes")])
  }
}

@Suite struct RefusingFiles {
  private struct Case: CustomTestStringConvertible {
    let text: String
    let kind: ImportError.Kind
    let part: String
    var testDescription: String { part }
  }

  @Test(
    "files that hold nothing of use are refused with a clear reason",
    arguments: [
      Case(text: "", kind: .empty, part: "is empty"),
      Case(text: "\n \r\n", kind: .empty, part: "is empty"),
      Case(text: "customer,time,event\n", kind: .empty, part: "header but no rows"),
      Case(
        text: "time,event\n2024-01-01,x\n", kind: .columns,
        part: "no column that is known as customer; name it in a mapping as"),
      Case(
        text: "customer,event\nc1,x\n", kind: .columns, part: "known as time; name it in a mapping"),
      Case(text: "customer,time\nc1,2024-01-01\n", kind: .columns, part: "known as event"),
      Case(
        text: "customer^time^event\nc1^2024-01-01^x\n", kind: .columns,
        part: "one column only: if that is wrong, say which delimiter"),
      Case(
        text: "c1,2024-01-01,x\nc2,2024-01-01,y\n", kind: .columns, part: "known as customer"),
      Case(text: "%PDF-1.4\n", kind: .notText, part: "not a text file"),
    ]
  ) private func refused(bad: Case) throws {
    let error = try #require(try refusal(Data(bad.text.utf8)))
    #expect(error.kind == bad.kind)
    #expect(error.description.contains(bad.part), "\(error.description)")
  }

  @Test("a missing file and a folder are told")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    for path in ["\(folder.path)/none.csv", folder.path] {
      #expect {
        _ = try FileImport(path: path, options: testOptions)
      } throws: {
        ($0 as? ImportError)?.kind == .unreadable
      }
    }
  }

  @Test("bytes that are no text are refused")
  func binary() throws {
    let error = try refusal(Data((0..<4_000).map { UInt8($0 % 7 == 0 ? 0 : $0 % 251) }))
    #expect(error?.kind == .notText)
  }

  @Test("a line of data in place of the header is not shown in the error")
  func noDataInErrors() throws {
    let error = try refusal(Data("anna@example.org,12 June,x\nben@example.org,13 June,y\n".utf8))
    #expect(error?.description.contains("example.org") == false)
    #expect(error?.description.contains("header: false") == true)
  }
}

@Suite struct RejectingRows {
  @Test(
    "a row that cannot be is rejected with its reason, and no cell is told in it",
    arguments: [
      (",2024-01-01,x,1", "has no customer"), ("NULL,2024-01-01,x,1", "has no customer"),
      ("c1,,x,1", "has no time"), ("c1,2024-02-30,x,1", "does not exist"),
      ("c1,1066-10-14,x,1", "before 1900"), ("c1,2924-01-01,x,1", "in the future"),
      ("c1,2024-01-01,,1", "has no event"), ("c1,2024-01-01,x,a lot", "that is no number"),
      ("c1,2024-01-01,x,1000000000001", "beyond 1000000000000"),
      ("c1,2024-01-01,x,1;5", "that is no number"),
      (String(repeating: "c", count: 1_025) + ",2024-01-01,x,1", "more than 1024 characters"),
    ]
  ) func reasons(row: String, reason: String) throws {
    let imported = try importAll(
      "customer,time,event,amount\n\(row)\nc2,2024-01-01,x,-12.34\n")
    #expect(imported.rejected.map(\.line) == [2])
    #expect(imported.rejected.first?.reason.contains(reason) == true)
    #expect(imported.touchpoints.map { $0.value?.minorUnits } == [-1_234])
  }

  @Test("the longest name is kept")
  func longestName() throws {
    let name = String(repeating: "é", count: Limits.nameCharacters)
    let imported = try importAll("customer,time,event\n\(name),2024-01-01,x\n")
    #expect(imported.touchpoints.first?.customer == name)
  }

  @Test("more properties than a touchpoint can have are refused with the file")
  func properties() throws {
    for over in [0, 1] {
      let names = (1...Limits.propertiesPerEvent + over).map { "p\($0)" }
      let cells = names.map { _ in "1" }
      let text =
        "customer,time,event,\(names.joined(separator: ","))\nc,2024-01-01,x,"
        + "\(cells.joined(separator: ","))\n"
      if over == 0 {
        #expect(try importAll(text).touchpoints[0].properties.count == Limits.propertiesPerEvent)
      } else {
        #expect(try refusal(Data(text.utf8))?.kind == .columns)
      }
    }
  }

  @Test("more columns than a file can have are refused")
  func columns() throws {
    let names = (0...Limits.columnsPerFile).map { "p\($0)" }.joined(separator: ",")
    #expect(try refusal(Data("\(names)\n\(names)\n".utf8))?.kind == .columns)
  }
}

@Suite struct Identity {
  private let text = """
    customer,time,event
    c1,2024-01-02,view_item
    c1,2024-01-02,view_item
    c2,2024-01-02,view_item
    c1,2024-01-02,view_item

    """

  @Test("a second import of a file makes the same ids, and rows that stand twice stay two")
  func again() throws {
    let first = try importAll(text)
    let second = try importAll(text.replacingOccurrences(of: "\n", with: "\r\n"))
    #expect(first.touchpoints.map(\.messageID) == second.touchpoints.map(\.messageID))
    #expect(Set(first.touchpoints.map(\.messageID)).count == 4)
    #expect(first.touchpoints.allSatisfy { $0.messageID.utf8.count == 15 })
  }

  @Test("another source makes other ids")
  func source() throws {
    let own = try importAll(text, mapping: "source: a")
    let other = try importAll(text, mapping: "source: b")
    #expect(Set(own.touchpoints.map(\.messageID) + other.touchpoints.map(\.messageID)).count == 8)
  }

  @Test("the same file under another name has the same ids, its source is named after it")
  func renamed() throws {
    let first = try importAll(text, name: "orders.csv")
    let second = try importAll(text, name: "orders (1).csv")
    #expect(first.touchpoints.map(\.messageID) == second.touchpoints.map(\.messageID))
    #expect(second.touchpoints.first?.source == "orders (1)")
  }

  @Test("rows that differ in the place of a delimiter only have other ids")
  func boundaries() throws {
    let imported = try importAll(
      "customer,time,event,a,b\nc,2024-01-02,x,12,3\nc,2024-01-02,x,1,23\nc,2024-01-02,x,,123\n")
    #expect(Set(imported.touchpoints.map(\.messageID)).count == 3)
  }

  @Test("an id of the file's own is kept")
  func own() throws {
    let imported = try importAll("customer,time,event,message_id\nc,2024-01-02,x,m-1\n")
    #expect(imported.touchpoints.map(\.messageID) == ["m-1"])
  }

  @Test("batches hold what the file holds, whatever their size, and progress reaches the end")
  func batches() throws {
    let folder = try TemporaryFolder()
    var rows = "customer,time,event\n"
    for row in 0..<5_000 { rows += "c\(row % 7),2024-01-02,\(row % 3 == 0 ? "x" : "")\n" }
    let path = try folder.write("rows.csv", Data(rows.utf8))
    let whole = try importAll(path: path)
    for size in [1, 7, 4_999, 10_000] {
      var options = testOptions
      options.batchRows = size
      let file = try FileImport(path: path, options: options)
      var imported = Imported()
      while let batch = try file.next() {
        #expect(batch.count <= size)
        imported.add(batch)
      }
      #expect(imported.touchpoints == whole.touchpoints)
      #expect(imported.rejected == whole.rejected)
      #expect(
        file.progress
          == ImportProgress(
            bytesRead: Int64(rows.utf8.count), bytesTotal: Int64(rows.utf8.count), rows: 5_000))
    }
  }
}
