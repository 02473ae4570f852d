import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Companies in files")
struct CompanyMappingTests {
  @Test("a row names the company of its person, with role and what is kept of both")
  func row() throws {
    let imported = try importAll(
      "nr,mail,firm,web,part,size,age\n7,Ann@acme.bedrijf,Acme BV,acme.example,decider,40,51\n",
      mapping: """
        columns: {customer: nr}
        account: {key: firm, role: part, domain: web, traits: {size: employees}}
        traits: {mail: email, age: age}
        """)
    #expect(imported.rejected == [])
    let company = try #require(imported.changes.first { $0.account != nil })
    #expect(company.customer == "7" && company.account == "Acme BV")
    #expect(
      company.accountTraits == ["domain": .text("acme.example"), "employees": .text("40")])
    #expect(company.traits == ["accountRole": .text("decider")])
    let person = try #require(imported.changes.first { $0.account == nil })
    #expect(person.alsoKnownAs == ["email:ann@acme.bedrijf"])
  }

  @Test("a row with a longer trait of its person or company than is kept is rejected, others not")
  func longTraits() throws {
    let long = String(repeating: "v", count: Limits.traitBytes + 1)
    for (person, company, isKept) in [("x", "x", true), (long, "x", false), ("x", long, false)] {
      let imported = try importAll(
        "nr,firm,note,sector\n7,Acme,\(person),\(company)\n8,Bolt,y,y\n",
        mapping: """
          columns: {customer: nr}
          account: {key: firm, traits: [sector]}
          traits: [note]
          """)
      #expect(imported.rejected.isEmpty == isKept)
      #expect(imported.rejected.allSatisfy { $0.reason.hasPrefix("has a trait of more than 4096") })
      #expect(imported.changes.contains { $0.customer == "8" })
    }
  }

  @Test("a file of companies needs no customer, and a row without a key is rejected")
  func companies() throws {
    let imported = try importAll(
      "account,sector\nAcme,food\n,steel\nBolt,\n",
      mapping: "account: {key: account, traits: [sector]}")
    #expect(imported.changes.map(\.account) == ["Acme", "Bolt"])
    #expect(imported.changes.allSatisfy { $0.customer.isEmpty })
    #expect(imported.rejected.map(\.line) == [3])
    #expect(imported.rejected.first?.reason == "has no key of an account")
  }

  @Test("orders may name a company, and rows without one are still touchpoints")
  func orders() throws {
    let imported = try importAll(
      "nr,day,total,firm\n7,2024-01-02,5.00,Acme\n8,2024-01-03,6.00,\n",
      mapping: """
        columns: {customer: nr, time: day, value: total}
        account: {key: firm}
        """)
    #expect(imported.rejected == [])
    #expect(imported.touchpoints.count == 2)
    #expect(imported.changes.map(\.account) == ["Acme"])
  }

  @Test("a mapping of a company without a key says so")
  func noKey() {
    #expect(throws: ImportError.self) { try ImportMapping(yaml: "account: {role: part}") }
  }
}
