import CustomerJourney
import Testing

@testable import Access

@Suite struct PermissionTests {
  @Test("the roles may do what docs/access.md says, and each less than the one before")
  func roles() {
    let table: [Role: [Permission]] = [
      .owner: Permission.allCases, .admin: [.insights, .persons, .edit, .act, .manage],
      .marketer: [.insights, .persons, .edit, .act], .service: [.insights, .persons, .act],
      .analyst: [.insights],
    ]
    for role in Role.allCases {
      #expect(role.permissions == Set(table[role] ?? []), "\(role)")
      #expect(role.manages.isEmpty == !role.permissions.contains(.manage))
      // Who edits sources and imports sees what comes in, which names persons.
      if role.permissions.contains(.edit) { #expect(role.permissions.contains(.persons)) }
    }
    #expect(!Role.admin.manages.contains(.owner), "no admin makes an owner, or becomes one")
  }

  @Test("a token may no more than who made it, and never manages users")
  func tokens() {
    func token(_ scope: TokenScope, _ role: Role?) -> APIToken {
      let user = role.map { User(id: 1, name: "x", role: $0, created: .epoch) }
      return APIToken(
        id: 1, name: "t", scope: scope, madeBy: user, created: .epoch, expires: .epoch,
        lastUsed: nil)
    }
    #expect(token(.write, .analyst).permissions == [.insights])
    #expect(token(.persons, .admin).permissions == [.insights, .persons])
    #expect(token(.write, nil).permissions == [.insights, .persons, .edit, .act])
    for scope in TokenScope.allCases {
      #expect(scope.permissions.isDisjoint(with: [.manage, .keep]))
    }
  }

  @Test(
    "a name of a user is one line of letters",
    arguments: [
      ("Ann", true), (" ann@shop.nl ", true), ("J\u{F6}rg d'Arc", true), ("", false),
      ("a\nb", false), ("<b>", false), ("command line", false), ("token x", false),
      ("a\u{202E}b", false), (String(repeating: "a", count: 101), false),
    ])
  func names(name: String, isGood: Bool) {
    #expect((try? User.checked(name: name)) == (isGood ? name.trimmed : nil))
  }

  @Test("a session ends when it is idle, when it is old, and soon when no code came")
  func sessions() {
    func isAlive(_ created: Int64, _ used: Int64, isWhole: Bool = true) -> Bool {
      Session.isAlive(
        created: Timestamp(seconds: -created), lastUsed: Timestamp(seconds: -used),
        isWhole: isWhole, at: .epoch)
    }
    let (idle, most) = (Int64(Limits.sessionIdleSeconds), Int64(Limits.sessionSeconds))
    #expect(isAlive(idle, 1))
    #expect(isAlive(most - 1, idle - 1))
    #expect(!isAlive(idle, idle))
    #expect(!isAlive(most, 0))
    #expect(isAlive(299, 299, isWhole: false))
    #expect(!isAlive(300, 0, isWhole: false))
  }

  @Test("a line of the log has a digest that no other line has")
  func chain() {
    let line = Activity(
      id: 2, at: .epoch, actor: "ann", action: .login, subject: "x", address: "y")
    let digest = line.chained(after: [1])
    var others: [Activity] = []
    for change in [
      { $0.id = 3 }, { $0.at = Timestamp(milliseconds: 1) }, { $0.actor = "bob" },
      { $0.action = .logout }, { $0.subject = "" }, { $0.address = "" },
      {
        $0.subject = "x1:y"
        $0.address = ""
      },
    ] as [(inout Activity) -> Void] {
      var other = line
      change(&other)
      others.append(other)
    }
    #expect(others.allSatisfy { $0.chained(after: [1]) != digest })
    #expect(line.chained(after: [2]) != digest)
  }
}
