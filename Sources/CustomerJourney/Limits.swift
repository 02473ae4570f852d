/// Every limit of the house, by name. What happens at each is tested.
package enum Limits {
  /// Bytes of one event, row or line of input; a longer one is rejected.
  package static let eventBytes = 1_048_576
  /// Properties of one touchpoint; more make it a rejected one.
  package static let propertiesPerEvent = 256
  /// Characters of a name: event, channel, content, campaign, customer.
  package static let nameCharacters = 1_024
  /// Characters of the id by which a client recognises its own message.
  package static let messageIDCharacters = 200
  /// Characters of a signed link's token.
  package static let linkCharacters = 4_096
  /// Minutes that a person's clock may be before or after UTC.
  package static let utcOffsetMinutes = 1_080
  /// Levels of nesting in one JSON value of input.
  package static let jsonDepth = 32
  /// Levels of elements in a file of XML, and attributes of one element.
  package static let xmlDepth = 64
  package static let xmlAttributes = 64
  /// Reasons for which an import leaves rows out that it tells apart.
  package static let reasonsTold = 20
  /// Columns of a file.
  package static let columnsPerFile = 2_048
  /// Rows of a small file that another is joined with.
  package static let joinedRows = 100_000
  /// Rows at the head of a file from which the form of its dates and amounts is found.
  package static let sampledRows = 500
  /// Rows that become one touchpoint; a longer group is closed and a new one begun.
  package static let groupRows = 100_000
  /// Groups of rows that are open at once; one more closes the group that was used longest ago.
  package static let openGroups = 16
  /// Spellings of a name whose meaning an import remembers; more, and it begins to learn again.
  package static let knownSpellings = 10_000
  /// Days whose offset from UTC an import remembers; more, and it begins to look again.
  package static let knownDays = 40_000
  /// Bytes of a rejected row that are kept as evidence.
  package static let excerptBytes = 200
  /// Bytes of rejected rows of several lines that may be looked at twice, besides as many as the
  /// file has had; then the lines of such a row are read one by one.
  package static let rescannedBytes = 4_194_304
  /// Unpacked bytes that the preview of a file looks at; its rows end there.
  package static let previewBytes: Int64 = 16_777_216
  /// Bytes of a mapping or set file.
  package static let mappingBytes = 1_048_576
  /// Bytes that an uploaded or imported file may unpack to.
  package static let unpackedBytes: Int64 = 64 * 1_073_741_824
  /// How many times larger than what was read an unpacked file may become before it counts as a
  /// bomb, once it is past ``bombFloorBytes``.
  package static let unpackRatio = 200
  package static let bombFloorBytes: Int64 = 67_108_864
  /// The first and last moments that a touchpoint can have: 1900-01-01 and a day past now.
  package static let earliestMilliseconds: Int64 = -2_208_988_800_000
  package static let futureMilliseconds: Int64 = 86_400_000
  /// Largest amount of a touchpoint, in major units.
  package static let amount: Int64 = 1_000_000_000_000
  package static let phasesPerModel = 32
  package static let rulesPerModel = 63
  /// Characters and nesting of a rule.
  package static let ruleCharacters = 10_000
  package static let ruleDepth = 64
  /// Conditions in a rule, those of the named rules in it included.
  package static let ruleSize = 4_096
  /// Longest time that a rule can name: about a hundred years.
  package static let ruleDurationMilliseconds: Int64 = 36_525 * 86_400_000
  /// Characters of a journey model's file, and named rules in it.
  package static let modelCharacters = 262_144
  package static let definitionsPerModel = 256
  /// Rows of an insight's answer.
  package static let rowsPerAnswer = 10_000
  /// Steps of a funnel.
  package static let funnelSteps = 32
  /// Bytes of a request to the dashboard, uploads apart, and of an upload.
  package static let requestBytes = 1_048_576
  package static let uploadBytes = 268_435_456
  /// An upload that nobody confirmed is thrown away after this long.
  package static let uploadKeepSeconds: Double = 86_400
  /// Customers on one page of the list, and those that a search finds at most.
  package static let customersPerPage = 50
  package static let customersFound = 1_000
  /// Rows that an import stores in one commit, and rejected ones that it shows.
  package static let rowsPerCommit = 10_000
  package static let rejectionsShown = 10
  package static let rowsPreviewed = 20
  /// Bytes of a request to the collector, packed and unpacked; a dialect may have lower ones.
  package static let collectedBytes = 4_194_304
  /// Bytes of a body up to which a request is answered on its connection; others wait longer for those
  /// of a larger one.
  package static let doorwayBytes = 262_144
  /// Events of one request to the collector.
  package static let collectedEvents = 10_000
  /// Events that wait to be stored; over it clients are told to come again.
  package static let waitingEvents = 100_000
  /// Events that are stored in one commit at most, the last request's whole.
  package static let eventsPerCommit = 10_000
  /// Seconds from the beginning of one commit to that of the next, at least, and events that wait with
  /// which it is made sooner.
  package static let secondsPerCommit = 0.002
  package static let eventsOfHaste = 200
  /// Seconds after which a client that was sent away may come again.
  package static let retryAfterSeconds = 2
  /// Seconds in which a request must have come in whole.
  package static let requestSeconds: Double = 30
  /// Seconds in which an upload to the dashboard must have come in whole.
  package static let uploadSeconds: Double = 900
  /// Seconds that a connection may be open without a request, and that a reader may take nothing.
  package static let idleSeconds: Double = 30
  /// Seconds that requests in flight have when the server stops.
  package static let stopSeconds: Double = 35
  /// Connections that are open at once; more wait until one closes.
  package static let connections = 4_096
  /// Browsers that watch sources live at once.
  package static let liveViewers = 64
  /// Other keys of the same person in one event.
  package static let keysPerEvent = 8
  /// Bytes of a rejected event that are kept; of a longer one the beginning, which cannot be read
  /// again.
  package static let rejectedBytes = 65_536
  /// Bytes of rejected events of one request that are kept, twice the largest request: more come only
  /// of what the events of a request share. Of the others their number is kept.
  package static let rejectedRequestBytes = 8_388_608
  /// Rejected events that are kept; past it the oldest go.
  package static let rejectedEvents = 100_000
  /// Sources, and the characters of a write key and of a source's name.
  package static let sources = 1_000
  package static let writeKeyCharacters = 200
  package static let sourceNameCharacters = 100
  /// Characters of a source's mapping.
  package static let sourceMappingCharacters = 65_536
  /// Rules of origin in it.
  package static let originRules = 200
  /// Trusted proxies that may stand before the server.
  package static let proxies = 16
  /// Last events of a source that its page shows.
  package static let lastEvents = 50
  /// Rejected events on one page of a source, and characters of each kept request that it shows.
  package static let rejectedShown = 20
  package static let keptCharactersShown = 4_000
  /// Touchpoints from which on the journeys are also kept in a file, and those beside it, at least,
  /// that make a new one worth writing.
  package static let smallestBase = 250_000
  package static let overlayTouchpoints = 1_000_000
  /// Seconds between two looks of a server for what is new: a touchpoint is in every answer after two
  /// of them and the time to read it.
  package static let newsSeconds = 0.25
  /// The same at most, when a look takes long because much came in.
  package static let newsSecondsUnderLoad = 5.0
  /// The same at most while a play is on: what begins it and what comes of it lie within a second.
  package static let newsSecondsOfPlays = 0.35
  /// New touchpoints that are read at one time where there are journeys already, those of changed journeys
  /// that are read again in one step, and seconds that are given way to the write-ahead log between two
  /// such times and steps, at most.
  package static let newsPerReading: Int64 = 500_000
  package static let touchpointsPerStep = 100_000
  package static let giveWaySeconds = 1.0
  /// Touchpoints on one page of a customer's timeline.
  package static let timelineTouchpoints = 500

  // MARK: Segments and standings

  /// Segments of a project; each is kept up to date for every customer.
  package static let segments = 200
  /// Characters of a segment's name.
  package static let segmentName = 80
  /// Changes of standing that are kept when nobody waits for them any more.
  package static let standingChanges = 1_000_000
  /// Changes of standing that one answer gives.
  package static let changesPerPage = 1_000
  /// How often is looked for what time alone changes.
  package static let watchSeconds = 10.0
  /// How long is waited at most after changes of standing could not be kept.
  package static let watchPauseSeconds = 30.0
  /// How often standings are written whole, so that a start need not read many changes.
  package static let standingsSeconds = 600.0

  /// Changes of journeys that are let go in one commit, once nobody needs them.
  package static let changesPerCommit = 50_000

  // MARK: Who is who

  /// Weaker identities that one identity takes; more of them are kept as evidence and join nobody.
  package static let identitiesPerIdentity = 1_000
  /// Those of which evidence is kept; of still more none is.
  package static let linksPerIdentity = 10_000
  /// Owners that an identity may have within a day, and in all, before it counts as shared by
  /// everybody and joins nobody any more: a public terminal, a mailbox of a department.
  package static let ownersPerDay = 10
  package static let ownersPerIdentity = 100
  /// Keys of one customer that a page or an answer shows.
  package static let identitiesShown = 200
  /// Records that share what is compared by; more share it by chance.
  package static let recordsPerMatchKey = 200
  /// Customers among whom duplicates are looked for, and pairs that are shown.
  package static let matchedCustomers = 200_000
  package static let suggestions = 100

  // MARK: Access

  /// Users, tokens, and sessions of one user; the oldest session goes when there are more.
  package static let users = 1_000
  package static let sessionsPerUser = 20
  package static let userNameCharacters = 100
  /// Characters of a password at least, and its bytes at most.
  package static let passwordCharacters = 12
  package static let passwordBytes = 1_024
  /// Passwords that wait to be tried, each for some tenths of a second and 64 MB in turn.
  package static let waitingLogins = 20
  /// Names and addresses whose failed logins are remembered.
  package static let throttled = 10_000
  /// Seconds that a session lives without use, and at most.
  package static let sessionIdleSeconds: Double = 7 * 86_400
  package static let sessionSeconds: Double = 30 * 86_400
  /// Seconds between two notes of when a session or a token was used.
  package static let lastUseSeconds: Double = 60
  /// Seconds after a right password in which the code must be given.
  package static let codeSeconds: Double = 300
  /// Seconds that a link works by which somebody chooses a password.
  package static let inviteSeconds: Int64 = 86_400
  package static let recoveryCodes = 10
  /// Days that a token works at most.
  package static let tokenDays = 730
  /// Bytes of a backup's table of contents.
  package static let manifestBytes = 16_777_216
  /// Lines of who did what on one page.
  package static let activityPerPage = 100

  // MARK: Profiles and search

  /// Traits of one identity; names that are new past it are left out of the profile, and stay in the
  /// log of what was said.
  package static let traitsPerCustomer = 500
  /// Bytes of a trait's value; a message with a longer one is rejected.
  package static let traitBytes = 4_096
  /// Messages that said something of a customer in which earlier values are looked for, and the earlier
  /// values of one trait that are shown.
  package static let profileChangesRead = 1_000
  package static let earlierValues = 20
  /// Own calculated traits, and the characters of a name and of a definition.
  package static let calculatedTraits = 50
  package static let calculatedTraitName = 80
  package static let calculatedTraitCharacters = 10_000
  /// Touchpoints of one customer up to which a rule about properties or traits is asked of them alone.
  package static let touchpointsAlone = 2_000
  /// Moments that are looked back at for when a customer entered a segment.
  package static let momentsLookedBack = 60
  /// Words of an identity, of a question and of a text, and the characters of one, that a search knows.
  package static let searchWords = 64
  package static let searchWordsAsked = 8
  package static let searchWordCharacters = 40
  package static let searchTextCharacters = 200
  /// Order numbers of an identity that a search knows; past it the oldest go.
  package static let searchOrders = 200
  /// Customers on whom the rarest word of a search fits and who are looked at for the others.
  package static let searchCandidates = 10_000
  /// Identities, and touchpoints, that are taken into the search at once.
  package static let searchBatch = 1_000
  package static let searchRows = 50_000
  // MARK: Plays

  /// Plays of a project, characters of one's file, its steps, and how deep they stand inside each other.
  package static let plays = 100
  package static let playCharacters = 100_000
  package static let playSteps = 200
  package static let playDepth = 12
  /// How often a run may go back to an earlier step.
  package static let playPasses = 100
  /// How long ago the touchpoint may be that brings somebody in, and a message's own time.
  package static let playEntrySeconds: Int64 = 86_400
  package static let messageLateSeconds: Int64 = 86_400
  /// New touchpoints that plays take in one transaction.
  package static let playNewsAtOnce = 10_000
  /// Runs whose time has come that one transaction takes.
  package static let dueRunsAtOnce = 2_000
  /// Contacts of the last so many days that caps look at.
  package static let contactDays = 31
  /// Related products of a message, how long what goes with what holds, and among how many last
  /// touchpoints a product must have been seen: what is not seen any more is not sold any more.
  package static let relatedProducts = 4
  package static let relatedSeconds = 3_600
  package static let relatedTouchpoints = 1_000_000
  /// Products of a basket that are kept, and days that the link to a basket works.
  package static let basketProducts = 100
  package static let basketLinkDays: Int64 = 14
  /// Customers that a dry run names.
  package static let dryRunShown = 50
  /// Tasks for persons on the page of plays, on a customer's page, and in one answer.
  package static let tasksPerPage = 50
  package static let tasksOfCustomer = 10
  package static let tasksPerAnswer = 1_000

  // MARK: Messages

  /// Characters of a reason's word and of what a server answered.
  package static let reasonCodeCharacters = 60
  package static let reasonCharacters = 300
  /// Bytes of a message's own data.
  package static let messageDataBytes = 65_536
  /// Messages that a sender takes at once, and seconds that it has for them.
  package static let messagesPerClaim = 50
  package static let messageLeaseSeconds: Int64 = 300
  /// Changes of messages whose touchpoints are stored at once.
  package static let changesPerTelling = 500
  /// Characters of a template, how deep its sections stand in one another, the items of a list that it
  /// shows, the blocks of a mail, and the bytes that it may become.
  package static let contentCharacters = 65_536
  package static let contentDepth = 8
  package static let contentItems = 24
  package static let contentBlocks = 60
  package static let contentBytes = 262_144
  /// Different contents of a basket that is looked at for what is bought together.
  package static let basketContents = 100
  /// Contents in a project's folder.
  package static let contents = 500
  /// Seconds for a connection, and for a whole mail or call.
  package static let connectSeconds = 15
  package static let sendSeconds = 60
  /// Seconds that links which count clicks work.
  package static let trackedLinkSeconds: Int64 = 180 * 86_400
  /// Characters that are kept of what a server answers.
  package static let answerBytes = 4_096
  /// Bytes of a report on bounces or complaints, and reports in one mailbox file.
  package static let reportBytes = 1_048_576
  package static let reportsPerFile = 100_000
  /// Reports in one request of a mail service, bytes of the secret that signs it at least, and seconds
  /// that the request may be old.
  package static let reportsPerRequest = 1_000
  package static let reportsSecretBytes = 24
  package static let signatureSeconds: Int64 = 300
  /// Bytes of a setting of mail that is a text, and of a file with who vouches for the mail server.
  package static let mailSettingBytes = 1_000
  package static let authorityBytes = 4_194_304
  /// Messages on one page.
  package static let messagesPerPage = 50
  /// Bytes of a request for the content of places on the site, places in it, messages of a customer that
  /// are looked at for it, and how many are let go at once when their time is over.
  package static let slotRequestBytes = 16_384
  package static let slotsPerPage = 40
  package static let slotMessages = 50
  package static let lateSlotsAtOnce = 2_000
  /// Seconds between two looks for such.
  package static let lateSlotSeconds: Double = 600
  // MARK: Accounts

  /// Kinds of roles in buying groups, and roles of one member.
  package static let accountRoles = 30
  package static let rolesPerMember = 6
  package static let accountRoleCharacters = 60
  /// Accounts on one page of the list, and in one answer.
  package static let accountsPerPage = 100
  /// Members whose journeys an account's page draws, the most active first, and touchpoints of each.
  package static let accountLanes = 24
  package static let touchpointsPerLane = 400
  /// Leads that the review list shows.
  package static let accountLeads = 200
  // MARK: Consent and privacy

  /// Bytes of a text that is looked for when a person is erased; shorter ones stand everywhere.
  package static let erasedTextBytes = 3
  /// Characters of the words, the page and the version that prove a consent.
  package static let consentProofCharacters = 4_000
  /// Purposes that customers are asked about.
  package static let consentPurposes = 30
  /// Days that a link to somebody's own preferences works, and one that confirms an address.
  package static let preferenceLinkDays: Int64 = 365
  package static let confirmationLinkDays: Int64 = 7
  /// Requests for public pages that one address may send in a minute.
  package static let publicRequestsPerMinute = 60
  /// Touchpoints that an answer to somebody's right of access has.
  package static let exportedTouchpoints = 1_000_000
  /// Seconds between two looks of a server for what has outlived its term.
  package static let retentionSeconds: Double = 3_600
  /// Seconds between two looks whether another process erased somebody.
  package static let erasedLookSeconds: Double = 5
  /// Rows that one step of it removes, so that clients needn't wait for it.
  package static let rowsPerRemoval = 5_000
}
