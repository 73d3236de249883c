import Foundation

extension SafeTensors {
  /// Longest metadata decoded, in bytes: JSON decoders keep some twelve times as much meanwhile.
  static let longestMetadata = 3 << 20
  /// Objects and arrays inside one another that metadata may have.
  static let deepestMetadata = 16

  /// A value that is kept as JSON under a key of the metadata; nil where there is no such key.
  ///
  /// What can be wrong with a value is for its own decoder: it throws `DecodingError.dataCorrupted` with the reason
  /// (`Decoder.refuse`), and nothing that is out of range is ever had.
  ///
  /// - Throws: `Refusal`, which names the member.
  func metadata<Value: Decodable>(_ type: Value.Type, at key: String) throws(Refusal) -> Value? {
    guard let text = metadata[key] else { return nil }
    guard text.utf8.count <= Self.longestMetadata else {
      throw Refusal("metadata of \(text.utf8.count) bytes: at most \(Self.longestMetadata)")
    }
    do {
      var cursor = JSONCursor(text)
      try cursor.skip(deepest: Self.deepestMetadata)
      try cursor.end()
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch let error as JSONError {
      throw Refusal("metadata is not JSON: \(error.description)")
    } catch let error as DecodingError {
      throw Refusal(Self.reason(error))
    } catch { throw Refusal("metadata: \(error)") }
  }

  /// As `metadata(_:at:)`, with the path.
  /// - Throws: `ModelFileError.damaged`.
  package func metadata<Value: Decodable>(
    _ type: Value.Type, at key: String, path: String
  ) throws(ModelFileError) -> Value? {
    do throws(Refusal) { return try metadata(type, at: key) } catch {
      throw .damaged(path: path, reason: error.reason)
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    func member(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map(String.init) ?? quoted($0.stringValue) }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "metadata lacks \(member(context.codingPath + [key]))"
    case .valueNotFound(_, let context): return "metadata \(member(context.codingPath)) is null"
    case .typeMismatch(_, let context): return "metadata \(member(context.codingPath)) is of another kind"
    case .dataCorrupted(let context):
      let place = context.codingPath.isEmpty ? "" : " \(member(context.codingPath))"
      // All else that is no JSON was found before. Some Foundations give the cause beside this sentence, some do not.
      guard context.debugDescription != "The given data was not valid JSON." else {
        return "metadata: a number or word that its member cannot have"
      }
      return "metadata\(place): \(context.debugDescription.prefix(200))"
    @unknown default: return "metadata: \(error)"
    }
  }
}

extension Decoder {
  /// Refuses what was decoded, with a reason.
  /// - Parameter reason: nil where nothing is wrong.
  package func refuse(_ reason: String?) throws {
    guard let reason else { return }
    throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: reason))
  }
}
