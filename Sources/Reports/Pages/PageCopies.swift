import Files

/// Images that show the same, as a page lists them.
struct PageCopies {
  struct Group {
    let first: FilePath
    var paths: [FilePath]
    var thumbnail: Record.Picture?
  }

  let most: Int
  private(set) var groups: [Group] = []
  /// Groups met, those that found no room among them.
  private(set) var seen = 0
  private var places: [FilePath: Int?] = [:]
  /// Copies that a group names at most.
  private static let mostPaths = 50

  init(most: Int) { self.most = most }

  mutating func take(_ record: Record) {
    guard let first = record.copyOf else { return }
    if places[first] == nil {
      seen += 1
      // A place or none, either way known from now on.
      places.updateValue(groups.count < most ? groups.count : nil, forKey: first)
      if groups.count < most { groups.append(Group(first: first, paths: [first])) }
    }
    guard let place = places[first] ?? nil else { return }
    if groups[place].paths.count <= Self.mostPaths { groups[place].paths.append(record.file) }
    groups[place].thumbnail = groups[place].thumbnail ?? record.pictures?.thumbnail
  }

  /// What templates take.
  func content(_ stem: PageStem) -> [[String: Any]] {
    groups.map { group in
      var content: [String: Any] = ["paths": group.paths.map(stem.rest)]
      content["thumbnail"] = group.thumbnail?.content(alt: "what they show")
      return content
    }
  }
}
