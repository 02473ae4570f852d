import CustomerJourney
import Foundation
import JourneyEngine
import Testing

@testable import Insights

/// What members of accounts did, against the definition worked out one by one.
@Suite struct AccountActivityTests {
  static let moment = Timestamp(milliseconds: 1_600_000_000_000 + 900 * 86_400_000)

  /// Customers of random logs in some accounts; who is in two, and who left.
  static let accounts: [Account] = (1...5).map { number in
    let people =
      [3, 9]
      + (0..<80).filter { $0 % 5 == number - 1 || $0 % 7 == number }
      .map { Int64($0 * 7919 % 100_003) }
    return Account(
      id: Int64(number), key: "a\(number)",
      members: Set(people).sorted().enumerated().map { place, customer in
        Account.Member(
          customer: customer,
          from: place % 4 == 1
            ? Timestamp(milliseconds: 1_600_000_000_000 + 300 * 86_400_000) : nil,
          until: place % 4 == 2
            ? Timestamp(milliseconds: 1_600_000_000_000 + 850 * 86_400_000) : nil,
          roles: place % 3 == 0 ? [] : ["decision maker"])
      })
  }

  static let settings: AccountSettings = {
    var settings = AccountSettings.builtIn
    for (place, event) in Plain.eventNames.enumerated() {
      settings.actions[event] = Double(place * 3)
    }
    settings.dailyCap = 11
    return settings
  }()

  @Test("Points are what the definition says, for random journeys", arguments: 1...6)
  func naive(_ seed: UInt64) throws {
    let table = PlacedTable(Plain.randomLog(seed: seed, customers: 80))
    let answer = table.answer(
      AccountActivityFold(
        Self.accounts, settings: Self.settings, table: table.table, zone: .amsterdam,
        at: Self.moment))
    var compared = 0
    for account in Self.accounts {
      for member in account.members {
        let journey = table.journeys.first { Int64($0[0].customer) == member.customer } ?? []
        let own = journey.filter {
          let time = Timestamp(milliseconds: $0.time)
          return time <= Self.moment && member.isMember(at: time)
        }
        let found = answer.members.first {
          $0.account == account.id && Int64($0.customer) == member.customer
        }
        #expect(found?.touchpoints ?? 0 == own.count, "seed \(seed)")
        guard let found, let last = own.last else { continue }
        compared += 1
        var expected = 0.0
        for (_, day) in Dictionary(
          grouping: own, by: { Zone.amsterdam.civil(Timestamp(milliseconds: $0.time)).dateText })
        {
          var left = Self.settings.dailyCap
          for row in day {
            let age = Self.moment.seconds(since: Timestamp(milliseconds: row.time)) / 86_400
            let share = Self.settings.share(ofAgeDays: age)
            let points = min(left, Self.settings.actions[row.event] ?? 0)
            // What is too old takes no room of the day either.
            guard age <= 180 else { continue }
            left -= points
            expected += points * share * (member.roles.isEmpty ? 0.5 : 2)
          }
        }
        #expect(abs(found.points - expected) < 1e-9, "seed \(seed)")
        #expect(found.phase == Int(last.phase))
        let recent = own.filter {
          Self.moment.seconds(since: Timestamp(milliseconds: $0.time)) <= 180 * 86_400
        }
        #expect(found.furthest == (recent + [last]).map { Int($0.phase) }.max())
        #expect(found.value == own.reduce(0) { $0 + $1.cents })
      }
    }
    #expect(compared > 40)
  }

  private static let model = JourneyModel.builtIn[0]

  private func standing(
    _ people: [(roles: [String], furthest: Int)], fullPoints: Double = 100, points: Double = 0
  ) -> AccountStanding {
    var settings = AccountSettings.builtIn
    settings.fullPoints = fullPoints
    let account = Account(
      id: 1, key: "acme",
      members: people.enumerated().map {
        .init(customer: Int64($0.offset), roles: $0.element.roles)
      })
    let activity = people.enumerated().map { place, person in
      var member = AccountActivity.Member(account: 1, customer: UInt32(place))
      member.touchpoints = 1
      member.furthest = person.furthest
      member.phase = 0
      member.actions = [.init(event: "Page Viewed", touchpoints: 1, points: points)]
      return member
    }
    return AccountStanding(
      account, activity: activity, deals: .init(), settings: settings, model: Self.model,
      currency: .eur, at: Self.moment)
  }

  @Test("The phase of an account is the furthest that two roles have reached")
  func phase() {
    let phases = Self.model.phases.map(\.id)
    let one = standing([(["user"], 3), (["user"], 2)])
    #expect(one.phase == nil, "two people of one role are one role")
    #expect(one.phaseRoles.map(\.role) == ["user"])
    #expect(standing([([], 3), ([], 3)]).phase == nil, "nobody's role is known")
    let two = standing([(["user"], 3), (["sponsor"], 1), (["evaluator"], 2), ([], 3)])
    #expect(two.phase == phases[2])
    #expect(two.phaseRoles.map(\.role) == ["user", "evaluator"])
    let both = standing([(["user", "sponsor"], 1)])
    #expect(both.phase == phases[1], "one person in two roles is two roles")
  }

  @Test("A score is at most 100, missing roles are named, and shares are of required ones")
  func score() {
    let rich = standing([(["decision maker"], 0), (["sponsor"], 0)], points: 80)
    #expect(rich.engagement == 100 && rich.points == 160)
    #expect(rich.missingRoles == ["economic buyer", "evaluator"])
    #expect(rich.completeness == 0.5)
    #expect(standing([([], 0)], points: 12).engagement == 12)
  }

  @Test("Lists are in the order that is asked for", arguments: AccountsReport.Order.allCases)
  func order(_ order: AccountsReport.Order) {
    var first = standing([(["user"], 0), (["sponsor"], 0)], points: 1)
    first.name = "Zed"
    first.openValue = 5
    var second = standing([(["user"], 3), (["decision maker"], 3)], points: 9)
    second.name = "acme"
    let sorted = AccountsReport.sort(
      [first, second], by: order, phases: Self.model.phases.map(\.id))
    let expected: [String] =
      order == .open ? ["Zed", "acme"] : ["acme", "Zed"]
    #expect(sorted.map(\.name) == expected)
  }
}
