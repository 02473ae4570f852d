import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite struct Mappings {
  @Test("the mapping of a web shop's export makes its touchpoints")
  func issueForm() throws {
    let imported = try importAll(
      "event_time,event_type,product_id,brand,price,user_id\n"
        + "2019-10-01 00:00:00 UTC,cart,p1,aqua,33.20,u1\n",
      mapping: """
        source: shop
        columns: {customer: user_id, time: event_time, event: event_type, content: product_id, value: price}
        constants: {channel: Website, currency: EUR}
        events: {view: Product Viewed, cart: Product Added, purchase: Order Completed}
        extra: [brand]
        """)
    let touchpoint = try #require(imported.touchpoints.first)
    #expect(touchpoint.source == "shop")
    #expect(touchpoint.event == .productAdded)
    #expect(touchpoint.content == "p1")
    #expect(touchpoint.value == Money(minorUnits: 3_320, currency: .eur))
    #expect(touchpoint.properties == ["brand": .text("aqua")])
  }

  @Test("the place of a role is its place among all roles")
  func roles() {
    for (place, role) in ImportRole.allCases.enumerated() { #expect(role.index == place) }
  }

  @Test("a file without header is read by column numbers, in columns of spaces too")
  func numbers() throws {
    let mapping = """
      delimiter: whitespace
      header: false
      columns: {customer: 1, value: 3}
      time: {column: 2, format: yyyyMMdd}
      constants: {event: purchase, currency: USD}
      """
    let imported = try importAll(
      " 00004 19970101   29.33\r\n 00005\t19970118 7\r\n", mapping: mapping)
    #expect(imported.touchpoints.map(\.customer) == ["00004", "00005"])
    #expect(imported.touchpoints.map { $0.value?.description } == ["USD 29.33", "USD 7.00"])
    #expect(imported.lines == [1, 2])
  }

  @Test("a date and a clock in two columns, in a zone of their own")
  func twoColumns() throws {
    let imported = try importAll(
      "who,day,clock,what\nc,03/14/2024,1:05 PM,x\n",
      mapping: """
        columns: {customer: who, event: what}
        time: {columns: [day, clock], format: "MM/dd/yyyy h:mm a", zone: America/New_York}
        """)
    #expect(imported.touchpoints.first?.occurred.iso8601 == "2024-03-14T17:05:00Z")
  }

  @Test("another column decides on the event, and rows to leave out are told as expected")
  func choices() throws {
    let imported = try importAll(
      "customer,time,nr\nc,2024-01-01,C1\nc,2024-01-01,7\nc,2024-01-01,A1\n,2024-01-01,8\nc,2024-01-01,\n",
      mapping: """
        columns: {customer: customer, time: time}
        when:
          - {column: nr, starts: C, event: Order Refunded}
          - {column: nr, is: [A1, A2], skip: corrects the books}
          - {column: nr, empty: true, event: Quote Requested}
        constants: {event: Order Completed}
        skip: rows without customer
        """)
    #expect(
      imported.touchpoints.map(\.event.name) == [
        "Order Refunded", "Order Completed", "Quote Requested",
      ])
    #expect(imported.rejected.map(\.reason).first == "corrects the books")
    #expect(imported.rejected.map(\.isExpected) == [true, true])
  }

  @Test("neighbouring lines of one invoice become one touchpoint with the exact total")
  func groups() throws {
    let mapping = """
      columns: {customer: customer, time: time, value: price, quantity: n}
      multiply: value by quantity
      group: {by: invoice}
      constants: {event: Order Completed, currency: GBP}
      extra: {invoice: order_id}
      """
    var text = "customer,time,price,n,invoice\n"
    // Three times a third of a penny is a penny: the sum is rounded, not the lines.
    text += "c,2024-01-01 10:00:00,0.003333,1,i1\nc,2024-01-01 10:00:00,0.003333,1,i1\n"
    text += "d,2024-01-01 10:01:00,2.50,4,i2\nc,2024-01-01 10:02:00,0.003334,1,i1\n"
    text += "d,2024-01-01 10:03:00,2.50,-4,i3\n"
    let imported = try importAll(text, mapping: mapping)
    #expect(imported.touchpoints.map(\.customer).sorted() == ["c", "d", "d"])
    let byInvoice = Dictionary(
      uniqueKeysWithValues: imported.touchpoints.map {
        ($0.properties["order_id"]?.description ?? "", $0)
      })
    #expect(byInvoice["i1"]?.value?.minorUnits == 1)
    #expect(byInvoice["i1"]?.properties["lines"] == .number(3))
    #expect(byInvoice["i1"]?.occurred.iso8601 == "2024-01-01T10:00:00Z")
    #expect(byInvoice["i2"]?.value?.minorUnits == 1_000)
    #expect(byInvoice["i3"]?.value?.minorUnits == -1_000)
    let again = try importAll(text, mapping: mapping)
    #expect(again.touchpoints == imported.touchpoints)
  }

  @Test("products and sums beyond the largest amount are rejected")
  func largeSums() throws {
    let mapping = """
      columns: {customer: customer, time: time, value: price, quantity: n}
      multiply: value by quantity
      group: {by: invoice}
      constants: {event: Order Completed}
      """
    let imported = try importAll(
      """
      customer,time,price,n,invoice
      c,2024-01-01,1000000,1000001,i1
      c,2024-01-01,1000000,1000000,i2
      c,2024-01-01,1000000,1000000,i2
      c,2024-01-01,1000000,1000000,i3
      """, mapping: mapping)
    #expect(imported.touchpoints.map { $0.value?.amount } == [1e12])
    #expect(imported.rejected.count == 2)
  }

  @Test("one row can hold several touchpoints, each at its own moment")
  func moments() throws {
    let imported = try importAll(
      "id,account,stage,begun,ended,worth\n1,A,Won,2024-01-01,2024-02-01,10\n2,,Lost,2024-01-03,2024-02-03,\n3,B,New,,,\n4,C,Won,2024-01-05,2024-02-31,1\n",
      mapping: """
        columns: {customer: [account, id]}
        moments:
          - {time: begun, event: Sales Contacted}
          - {time: ended, event: Order Completed, value: worth, when: {column: stage, is: Won}}
          - {time: ended, event: Deal Lost, when: {column: stage, is: Lost}}
        """)
    #expect(
      imported.touchpoints.map { "\($0.customer) \($0.event.name)" } == [
        "A Sales Contacted", "A Order Completed", "2 Sales Contacted", "2 Deal Lost",
      ])
    #expect(imported.touchpoints.map { $0.value?.minorUnits } == [nil, 1_000, nil, nil])
    #expect(Set(imported.touchpoints.map(\.messageID)).count == 4)
    #expect(imported.rejected.map(\.line) == [4, 5], "a row stands or falls as a whole")
  }

  @Test("traits are kept of the customer, alone or beside touchpoints")
  func traits() throws {
    let alone = try importAll(
      "household,age\nh1,65+\nh2,\n", mapping: "columns: {customer: household}\ntraits: [age]")
    #expect(alone.touchpoints == [])
    #expect(alone.traits.map(\.customer) == ["h1"])
    #expect(alone.traits.first?.traits == ["age": .text("65+")])
    #expect(alone.rejected.map(\.line) == [3])
    let beside = try importAll(
      "customer,time,event,land\nc,2024-01-01,x,NL\nc,2024-01-02,x,NL\nc,2024-01-03,x,BE\n",
      mapping: "traits: {land: country}")
    #expect(beside.touchpoints.count == 3)
    #expect(beside.traits.map { $0.traits["country"] } == [.text("NL"), .text("BE")])
  }

  @Test("a small file is joined by its key, and made into names with a template")
  func join() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("kinds.csv", Data("id,kind\n1,Type B\n2,Type A\n".utf8))
    _ = try folder.write(
      "map.yaml",
      Data(
        """
        join: {file: kinds.csv, by: {campaign_id: id}}
        columns: {customer: customer, time: time, campaign: "Campaign {campaign_id} · {kind}"}
        constants: {event: Message Sent}
        """.utf8))
    let path = try folder.write(
      "sent.csv",
      Data("customer,time,campaign_id\nc,2024-01-01,2\nc,2024-01-01,9\nc,2024-01-01,1\n".utf8))
    let imported = try importAll(
      path: path, mapping: try ImportMapping(path: "\(folder.path)/map.yaml"))
    #expect(
      imported.touchpoints.map(\.campaign) == [
        "Campaign 2 · Type A", "Campaign 9 · ", "Campaign 1 · Type B",
      ])
  }

  @Test("columns of channels, origins and devices can be translated")
  func translations() throws {
    let imported = try importAll(
      "customer,time,event,channel,origin,device,currency,amount\nc,2024-01-01,x,Desk,Flyer,M,usd,1\nc,2024-01-01,x,,,,,1\nc,2024-01-01,x,,,,Euros,1\n",
      mapping: """
        channels: {desk: Shop}
        origins: {flyer: Referral}
        devices: {m: Phone}
        """)
    #expect(imported.touchpoints.map(\.channel.name) == ["Shop", "Website"])
    #expect(imported.touchpoints[0].origin?.name == "Referral")
    #expect(imported.touchpoints[0].device?.name == "Phone")
    #expect(imported.touchpoints.map { $0.value?.currency.code } == ["USD", "EUR"])
    #expect(imported.rejected.map(\.line) == [4])
  }

  @Test(
    "a mapping with a mistake is refused with its line and what would be right",
    arguments: [
      ("colums: {customer: a}", "line 1: \"colums\" is not known here, did you mean \"columns\"?"),
      ("columns: {custmer: a}", "did you mean \"customer\"?"),
      ("columns: [customer]", "columns must be a map"),
      ("columns: {customer: {a: b}}", "customer must be a text"),
      ("source: [a]", "source must be a text"),
      ("encoding: ebcdic", "encoding must be utf-8"),
      ("delimiter: ab", "delimiter must be one character"),
      ("header: perhaps", "header must be true or false"),
      ("decimal: x", "decimal must be"),
      ("zone: Mars/Olympus", "zone must be the name of a time zone"),
      ("time: {column: a, format: QQ}", "the letter Q in a time's format means nothing"),
      ("time: {format: yyyyMMdd}", "needs one column, or two"),
      ("time: {columns: [a, b, c]}", "needs one column, or two"),
      ("time: t\ncolumns: {time: t}", "names the time twice"),
      ("constants: {currency: Euros}", "currency must be a currency code"),
      ("constants: {time: now}", "\"time\" is not known here"),
      ("events: [a, b]", "events must be a map"),
      ("when: {column: a, is: b, event: c}", "when must be a list"),
      ("when: [{column: a, event: c}]", "needs a column and one of is, starts and empty"),
      ("when: [{column: a, is: b, starts: c, event: d}]", "is a second test"),
      ("when: [{column: a, is: b}]", "needs either an event, or skip"),
      ("when: [{column: a, is: b, event: c, skip: d}]", "needs either an event, or skip"),
      ("moments: [{event: x}]", "needs a time and an event each"),
      ("moments: [{time: t, event: x}]\ngroup: {by: a}", "exclude each other"),
      ("multiply: value times two", "the only form is \"value by quantity\""),
      ("multiply: value by quantity", "names no quantity"),
      ("skip: rows with errors", "rows without COLUMN"),
      ("join: {file: a.csv}", "needs a file, and by"),
      ("columns: {customer: a}\ncolumns: {customer: b}", "twice"),
      ("columns: {customer: a", "is not valid YAML"),
      ("", "is empty"),
    ]
  ) func mistakes(yaml: String, part: String) throws {
    do {
      _ = try ImportMapping(yaml: yaml, name: "map.yaml")
      Issue.record("accepted: \(yaml)")
    } catch let error as ImportError {
      #expect(error.kind == .mapping)
      #expect(error.description.hasPrefix("map.yaml"))
      #expect(error.description.contains(part), "\(error.description)")
    }
  }

  @Test("a mapping longer than the limit is refused")
  func longMapping() {
    let yaml = "source: a\n" + String(repeating: "#", count: Limits.mappingBytes)
    #expect(throws: ImportError.self) { _ = try ImportMapping(yaml: yaml) }
  }

  @Test("a column that the file does not have is refused with those that it has")
  func missingColumn() throws {
    let error = try refusal(
      Data("user_id,time,event\nu,2024-01-01,x\n".utf8),
      mapping: "columns: {customer: user_ids, time: time, event: event}")
    #expect(error?.kind == .columns)
    let text = error?.description ?? ""
    #expect(text.contains("no column \"user_ids\""))
    #expect(text.contains("did you mean \"user_id\"?"))
    #expect(text.contains("user_id, time, event"))
  }

  @Test(
    "a joined file that cannot be used is refused",
    arguments: [
      ("", "is empty"), ("key,b\n1,x\n", "no column \"id\""), ("id,b\n1\n", "at line 2"),
      ("id,b\n1,x\n1,y\n", "twice, at line 3"),
    ]
  ) func badJoin(text: String, part: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("small.csv", Data(text.utf8))
    let path = try folder.write("rows.csv", Data("customer,time,event,id\nc,2024-01-01,x,1\n".utf8))
    var mapping = try ImportMapping(yaml: "join: {file: small.csv, by: id}")
    mapping.folder = folder.path
    #expect {
      _ = try FileImport(path: path, mapping: mapping, options: testOptions)
    } throws: {
      ($0 as? ImportError)?.description.contains(part) == true
    }
  }

  @Test("a joined file beyond the limit is refused")
  func longJoin() throws {
    let folder = try TemporaryFolder()
    let rows = (0...Limits.joinedRows).map { "\($0),x" }
    _ = try folder.write("small.csv", Data(("id,b\n" + rows.joined(separator: "\n")).utf8))
    let path = try folder.write("rows.csv", Data("customer,time,event,id\nc,2024-01-01,x,1\n".utf8))
    var mapping = try ImportMapping(yaml: "join: {file: small.csv, by: id}")
    mapping.folder = folder.path
    #expect(throws: ImportError.self) {
      _ = try FileImport(path: path, mapping: mapping, options: testOptions)
    }
  }

  @Test("a set needs a title and files, and names what it does not know")
  func sets() throws {
    let folder = try TemporaryFolder()
    for (yaml, part) in [
      ("title: A", "needs files"), ("files: [{file: a.csv}]", "needs a title"),
      ("title: A\nfiles: [{mapping: m.yaml}]", "m.yaml cannot be read"),
      ("title: A\nlicense: CC0\nfiles: [{file: a.csv}]", "did you mean \"licence\"?"),
    ] {
      let path = try folder.write("set.yaml", Data(yaml.utf8))
      #expect {
        _ = try ImportSet(path: path)
      } throws: {
        ($0 as? ImportError)?.description.contains(part) == true
      }
    }
  }
}
