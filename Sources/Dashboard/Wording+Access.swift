import Access
import CustomerJourney

extension Wording {
  static let accessEntries: [Entry] = [
    ("account", "Your account", "Uw account"),
    ("users", "Users", "Gebruikers"),
    ("tokens", "Tokens", "Tokens"),
    ("activity", "Who did what", "Wie deed wat"),
    ("accountPages", "Account and users", "Account en gebruikers"),
    // Login.
    ("logIn", "Log in", "Inloggen"),
    ("logOut", "Log out", "Uitloggen"),
    ("userName", "Name", "Naam"),
    ("password", "Password", "Wachtwoord"),
    ("codeHeading", "Your code", "Uw code"),
    ("codeLead", "Open your app and type the six digits.", "Open uw app en typ de zes cijfers."),
    ("code", "Code", "Code"),
    (
      "codeHint", "Lost the app? Type one of your recovery codes.",
      "App kwijt? Typ een van uw herstelcodes."
    ),
    ("goOn", "Continue", "Verder"),
    (
      "loginWrong", "That is not right. Check what you typed; capitals count.",
      "Dat klopt niet. Controleer wat u typte; hoofdletters tellen."
    ),
    (
      "loginBusy", "Too many people log in at this moment. Try again in a few seconds.",
      "Er loggen nu te veel mensen in. Probeer het over een paar seconden weer."
    ),
    ("firstTime", "Nobody has a password yet", "Nog niemand heeft een wachtwoord"),
    (
      "firstTimeText",
      "Open the link that was printed where the program was started. Make a new one there with:",
      "Open de link die verscheen waar het programma is gestart. Maak daar een nieuwe met:"
    ),
    (
      "forgotten", "Forgotten? Ask an owner or admin for a new link.",
      "Vergeten? Vraag een eigenaar of beheerder om een nieuwe link."
    ),
    // Welcome.
    ("welcome", "Welcome", "Welkom"),
    (
      "welcomeLead", "Choose the name and the password with which you will log in.",
      "Kies de naam en het wachtwoord waarmee u gaat inloggen."
    ),
    ("yourRole", "Your role", "Uw rol"),
    (
      "passwordHint", "At least 12 characters; a sentence is easy to remember.",
      "Minstens 12 tekens; een zin is makkelijk te onthouden."
    ),
    ("begin", "Begin", "Begin"),
    ("linkOver", "This link is over", "Deze link is voorbij"),
    (
      "linkOverWhat", "It was used already, or is older than a day.",
      "Hij is al gebruikt, of ouder dan een dag."
    ),
    ("linkOverUsed", "You have a password", "U hebt een wachtwoord"),
    ("linkOverLogin", "Then log in with it.", "Log dan daarmee in."),
    ("linkOverNew", "You have none yet", "U hebt er nog geen"),
    (
      "linkOverCommand",
      "Ask an owner or admin for a new link. Who started the program makes one with:",
      "Vraag een eigenaar of beheerder om een nieuwe link. Wie het programma startte, maakt er een met:"
    ),
    // The account.
    ("choosePassword", "Choose a password", "Kies een wachtwoord"),
    ("changePassword", "Change your password", "Wijzig uw wachtwoord"),
    (
      "passwordText", "You will be logged out everywhere else.",
      "U wordt overal elders uitgelogd."
    ),
    ("oldPassword", "Password now", "Wachtwoord nu"),
    ("newPassword", "New password", "Nieuw wachtwoord"),
    ("codeSetUp", "Code of an app", "Code van een app"),
    (
      "codeText",
      "A code of an app on your phone, besides your password, keeps out who knows your password.",
      "Een code van een app op uw telefoon, naast uw wachtwoord, houdt buiten wie uw wachtwoord kent."
    ),
    ("codeIsOnNow", "On", "Staat aan"),
    ("codeIsOffNow", "Off", "Staat uit"),
    ("turnCodeOn", "Turn on", "Zet aan"),
    ("turnCodeOff", "Turn off", "Zet uit"),
    (
      "passwordFirst", "Choose a password first.", "Kies eerst een wachtwoord."
    ),
    ("qrLabel", "QR code for your app", "QR-code voor uw app"),
    (
      "codeStep1", "Scan this with an authenticator app, or open the link on your phone.",
      "Scan dit met een authenticator-app, of open de link op uw telefoon."
    ),
    ("codeLink", "Open in the app", "Open in de app"),
    ("codeByHand", "Or type this key:", "Of typ deze sleutel:"),
    (
      "codeStep2", "Then type the six digits that it shows.",
      "Typ dan de zes cijfers die hij toont."
    ),
    (
      "wrongCode", "That is not the code of this moment. Check the clock of your phone.",
      "Dat is niet de code van dit moment. Controleer de klok van uw telefoon."
    ),
    (
      "wrongPassword", "That is not your password.", "Dat is niet uw wachtwoord."
    ),
    ("passwordIsSet", "Your password is set.", "Uw wachtwoord is ingesteld."),
    ("codeIsOn", "The code is on.", "De code staat aan."),
    ("codeIsOff", "The code is off.", "De code staat uit."),
    ("recoveryCodes", "Recovery codes", "Herstelcodes"),
    (
      "recoveryText",
      "Keep these somewhere safe: each lets you in once without the app. They are not shown again.",
      "Bewaar deze ergens veilig: elke code laat u één keer binnen zonder de app. Ze zijn niet opnieuw "
        + "te zien."
    ),
    ("sessions", "Where you are logged in", "Waar u bent ingelogd"),
    ("deviceHeading", "Device", "Apparaat"),
    ("addressHeading", "Address", "Adres"),
    ("lastUse", "Last use", "Laatst gebruikt"),
    ("thisOne", "this one", "dit"),
    ("endSession", "End", "Beëindig"),
    ("unknownDevice", "Unknown device", "Onbekend apparaat"),
    // Users.
    (
      "usersLead", "Who may log in, and what each may do.",
      "Wie mag inloggen, en wat elk mag."
    ),
    ("user", "User", "Gebruiker"),
    ("role", "Role", "Rol"),
    ("lastLogin", "Last login", "Laatste login"),
    ("you", "you", "u"),
    ("hasPassword", "has a password", "heeft een wachtwoord"),
    ("noPasswordYet", "invited", "uitgenodigd"),
    ("withCode", "code", "code"),
    ("changeRole", "Change role", "Wijzig rol"),
    ("newLink", "New link", "Nieuwe link"),
    ("removeUser", "Remove", "Verwijder"),
    ("inviteUser", "Invite somebody", "Nodig iemand uit"),
    (
      "inviteText", "You get a link to hand over. It works once, within a day.",
      "U krijgt een link om door te geven. Hij werkt één keer, binnen een dag."
    ),
    ("invite", "Make the link", "Maak de link"),
    ("whatRolesDo", "What each role may do", "Wat elke rol mag"),
    ("mayDo", "May", "Mag"),
    (
      "onlyNow", "It is shown only now.", "Hij is alleen nu te zien."
    ),
    // Tokens.
    (
      "tokensLead",
      "A program shows a token instead of a password, as Authorization: Bearer TOKEN.",
      "Een programma toont een token in plaats van een wachtwoord, als Authorization: Bearer TOKEN."
    ),
    ("noTokens", "There are no tokens yet.", "Er zijn nog geen tokens."),
    ("token", "Token", "Token"),
    ("scope", "May", "Mag"),
    ("madeBy", "Made by", "Gemaakt door"),
    ("expires", "Until", "Tot"),
    ("isOver", "over", "voorbij"),
    ("newToken", "New token", "Nieuw token"),
    ("tokenNameHint", "What it is for.", "Waar het voor is."),
    ("days", "Days", "Dagen"),
    ("makeToken", "Make token", "Maak token"),
    ("removeToken", "End", "Beëindig"),
    ("onCommandLine", "command line", "opdrachtregel"),
    // Who did what.
    (
      "activityLead", "Lines are only ever added; `klantreis verify` notices when one was changed.",
      "Regels komen er alleen bij; `klantreis verify` merkt het als er een is veranderd."
    ),
    ("noActivity", "Nothing was done yet.", "Er is nog niets gedaan."),
    ("actor", "Who", "Wie"),
    ("deed", "Did", "Deed"),
    ("subject", "To what", "Met wat"),
    ("somebody", "somebody", "iemand"),
    // What a role does not see.
    (
      "notAllowed", "Your role does not include this.", "Dit hoort niet bij uw rol."
    ),
    (
      "askForMore", "Ask an owner or admin of the project when you need it.",
      "Vraag een eigenaar of beheerder van het project als u het nodig hebt."
    ),
    ("personHidden", "hidden for your role", "verborgen voor uw rol"),
  ]

  func role(_ role: Role) -> String {
    switch (role, language) {
    case (.owner, .english): "Owner"
    case (.admin, .english): "Admin"
    case (.marketer, .english): "Marketer"
    case (.analyst, .english): "Analyst"
    case (.service, .english): "Service"
    case (.owner, .dutch): "Eigenaar"
    case (.admin, .dutch): "Beheerder"
    case (.marketer, .dutch): "Marketeer"
    case (.analyst, .dutch): "Analist"
    case (.service, .dutch): "Klantenservice"
    }
  }

  /// What a role may do, in words, from the one table.
  func mayDo(_ role: Role) -> String {
    Permission.allCases.filter(role.permissions.contains).map(permission).joined(separator: ", ")
  }

  func permission(_ permission: Permission) -> String {
    switch (permission, language) {
    case (.insights, .english): "read insights"
    case (.persons, .english): "see single customers"
    case (.edit, .english): "change segments, sources and imports"
    case (.act, .english): "act on customers"
    case (.manage, .english): "manage users and tokens"
    case (.keep, .english): "back up, restore and erase"
    case (.insights, .dutch): "inzichten lezen"
    case (.persons, .dutch): "losse klanten zien"
    case (.edit, .dutch): "segmenten, bronnen en imports wijzigen"
    case (.act, .dutch): "klanten bewerken en benaderen"
    case (.manage, .dutch): "gebruikers en tokens beheren"
    case (.keep, .dutch): "veiligstellen, terugzetten en wissen"
    }
  }

  func scope(_ scope: TokenScope) -> String {
    switch (scope, language) {
    case (.read, .english): "read insights"
    case (.persons, .english): "read, also single customers"
    case (.write, .english): "read and change"
    case (.read, .dutch): "inzichten lezen"
    case (.persons, .dutch): "lezen, ook losse klanten"
    case (.write, .dutch): "lezen en wijzigen"
    }
  }

  func wait(_ seconds: Int) -> String {
    let minutes = (seconds + 59) / 60
    switch (seconds < 90, language) {
    case (true, .english):
      return "Too many wrong tries. Wait \(seconds) \(seconds == 1 ? "second" : "seconds")."
    case (true, .dutch):
      return
        "Te veel verkeerde pogingen. Wacht \(seconds) \(seconds == 1 ? "seconde" : "seconden")."
    case (false, .english): return "Too many wrong tries. Wait \(minutes) minutes."
    case (false, .dutch): return "Te veel verkeerde pogingen. Wacht \(minutes) minuten."
    }
  }

  func codesLeft(_ count: Int) -> String {
    switch language {
    case .english: "\(count) recovery \(count == 1 ? "code" : "codes") left."
    case .dutch: "Nog \(count) \(count == 1 ? "herstelcode" : "herstelcodes")."
    }
  }

  func linkFor(_ name: String) -> String {
    switch language {
    case .english: "Hand this link to \(name). It works once, within a day, and is shown only now."
    case .dutch:
      "Geef deze link aan \(name). Hij werkt één keer, binnen een dag, en is alleen nu te zien."
    }
  }

  func tokenFor(_ name: String) -> String {
    switch language {
    case .english: "The token \(name). It is shown only now."
    case .dutch: "Het token \(name). Het is alleen nu te zien."
    }
  }

  /// `Firefox, Linux`, from what a browser says of itself.
  func device(_ agent: String) -> String {
    func first(_ names: [(mark: String, name: String)]) -> String? {
      names.first { agent.contains($0.mark) }?.name
    }
    let browser = first([
      ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"),
      ("Chrome/", "Chrome"), ("CriOS", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ])
    let system = first([
      ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
      ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ])
    let known = [browser, system].compactMap { $0 }
    return known.isEmpty ? self["unknownDevice"] : known.joined(separator: ", ")
  }

  func action(_ action: Activity.Action) -> String {
    let isDutch = language == .dutch
    switch action {
    case .login: return isDutch ? "logde in" : "logged in"
    case .loginFailed: return isDutch ? "kwam niet binnen" : "failed to log in"
    case .logout: return isDutch ? "logde uit" : "logged out"
    case .sessionEnded: return isDutch ? "beëindigde een sessie" : "ended a session"
    case .passwordSet: return isDutch ? "stelde een wachtwoord in" : "set a password"
    case .codeTurnedOn: return isDutch ? "zette de code aan" : "turned the code on"
    case .codeTurnedOff: return isDutch ? "zette de code uit" : "turned the code off"
    case .recoveryCodeUsed: return isDutch ? "gebruikte een herstelcode" : "used a recovery code"
    case .userInvited: return isDutch ? "maakte een link voor" : "made a link for"
    case .userRoleChanged: return isDutch ? "wijzigde de rol van" : "changed the role of"
    case .userRemoved: return isDutch ? "verwijderde gebruiker" : "removed user"
    case .tokenAdded: return isDutch ? "maakte token" : "made token"
    case .tokenRemoved: return isDutch ? "beëindigde token" : "ended token"
    case .sourceAdded: return isDutch ? "maakte bron" : "made source"
    case .sourceChanged: return isDutch ? "wijzigde bron" : "changed source"
    case .rejectedReplayed: return isDutch ? "las opnieuw van" : "read again of"
    case .segmentAdded: return isDutch ? "maakte segment" : "made segment"
    case .segmentRemoved: return isDutch ? "verwijderde segment" : "removed segment"
    case .imported: return isDutch ? "importeerde" : "imported"
    case .simulated: return isDutch ? "simuleerde" : "simulated"
    case .exported: return isDutch ? "exporteerde" : "exported"
    case .traitChanged: return isDutch ? "wijzigde een kenmerk" : "changed a trait"
    case .calculatedTraitAdded:
      return isDutch ? "voegde een berekend kenmerk toe" : "added a calculated trait"
    case .calculatedTraitRemoved:
      return isDutch ? "verwijderde een berekend kenmerk" : "removed a calculated trait"
    case .customersMerged: return isDutch ? "voegde klanten samen" : "merged customers"
    case .customersSplit: return isDutch ? "splitste klanten" : "split customers"
    case .customerErased: return isDutch ? "wiste een klant" : "erased a customer"
    case .accountChanged: return isDutch ? "wijzigde bedrijf" : "changed account"
    case .accountMemberChanged:
      return isDutch ? "wijzigde wie bij een bedrijf hoort" : "changed who belongs to an account"
    case .modelAdded: return isDutch ? "voegde model toe" : "added model"
    case .settingChanged: return isDutch ? "wijzigde instelling" : "changed setting"
    case .consentNoted:
      return isDutch ? "noteerde toestemming van klant" : "noted consent of customer"
    case .purposesChanged: return isDutch ? "wijzigde de doelen" : "changed the purposes"
    case .outlivedRemoved: return isDutch ? "ruimde op" : "removed what was outlived:"
    case .erasedAllowed:
      return isDutch ? "liet een gewiste sleutel weer toe" : "let an erased key in again"
    case .backupMade: return isDutch ? "stelde veilig in" : "backed up to"
    case .restored: return isDutch ? "zette terug uit" : "restored from"
    case .playAdded: return isDutch ? "voegde play toe" : "added play"
    case .playSwitchedOn: return isDutch ? "zette play aan" : "switched on play"
    case .playSwitchedOff: return isDutch ? "zette play uit" : "switched off play"
    case .taskDone: return isDutch ? "deed taak" : "did task"
    case .contactPolicyChanged:
      return isDutch ? "wijzigde het contactbeleid" : "changed the contact policy"
    case .messageRepeated: return isDutch ? "liet opnieuw versturen" : "had sent again"
    case .addressOpened:
      return isDutch ? "opende een mailadres weer" : "opened a mail address again"
    case .webhookChanged: return isDutch ? "veranderde de webhook" : "changed the webhook"
    case .audienceExported: return isDutch ? "gaf een doelgroep uit" : "exported an audience of"
    }
  }
}
