/// What a report says of the run it is of, where its format has a place for that; known when the run ends.
public struct ReportFacts: Sendable, Equatable {
  /// A name and what there is to say of it.
  public struct Fact: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A command that may come next, and what it is for.
  public struct Step: Sendable, Equatable {
    public let command: String
    public let purpose: String

    public init(_ command: String, _ purpose: String) {
      self.command = command
      self.purpose = purpose
    }
  }

  /// How to read it: sentences.
  public var notes: [String] = []
  /// Model, options, version and the like.
  public var facts: [Fact] = []
  public var steps: [Step] = []

  public init() {}
}
