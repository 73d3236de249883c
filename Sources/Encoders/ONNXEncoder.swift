internal import COpenVINO
internal import Crypto
import Diffusion
import Foundation
import Images

/// An image encoder in ONNX, run by OpenVINO on the processor in single precision. Use from one thread at a time.
package final class ONNXEncoder: FeatureSource {
  /// Where it was read from.
  package let path: String
  /// Of the file, in hexadecimal.
  package let hash: String
  /// With the outputs that are looked at named.
  package let settings: EncoderSettings
  package let form: FeatureForm
  package var shape: ImageShape { preparation.shape }
  package var fingerprint: String { "\(hash) OpenVINO \(library.version) \(settings)" }

  private let library: OpenVINO
  private let preparation: Preparation
  private let model: OpaquePointer
  private let input: UnsafeMutablePointer<Float>
  private let outputs: Outputs

  /// - Parameters:
  ///   - places: of the file and of OpenVINO.
  ///   - settings: over those of the file beside it, where `readsBeside`.
  ///   - wanted: the SHA-256 that its file must have; nil for any.
  ///   - threads: for one image.
  /// - Throws: `EncoderError`.
  package init(
    _ places: EncoderPlaces, settings: EncoderSettings, readsBeside: Bool, wanted: String? = nil,
    threads: Int
  ) throws(EncoderError) {
    guard let path = places.file else { throw .notGiven }
    self.path = path
    let bytes = try Self.read(path)
    hash = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    if let wanted, wanted != hash { throw .otherFile(path: path, wanted: wanted, found: hash) }
    let beside = readsBeside ? try EncoderSettings.beside(path) : nil
    let given = settings.over(beside)
    library = try OpenVINO.load(places)
    let handle = library.handle
    let graph = ONNXGraph(bytes)
    let content = Self.showing((given.patches ?? []) + (given.pooled ?? []), of: bytes, graph)
    let (read, reason) = withSentence { text, size in
      content.withUnsafeBytes {
        encoder_model_read(handle, $0.bindMemory(to: UInt8.self).baseAddress, content.count, text, size)
      }
    }
    guard let read else { throw .unsuitable(path: path, reason: reason) }
    // Freed by `deinit` from here on, or below where the rest fails.
    var isKept = false
    defer { if !isKept { encoder_model_free(read) } }
    preparation = try Preparation(given, input: try Self.input(of: read, path), path: path)
    input = try Self.compile(read, preparation, threads, path)
    outputs = try Outputs(of: read, given, inside: graph?.telling ?? [], path: path)
    (form, self.settings) = try outputs.form(given, path: path)
    model = read
    isKept = true
  }

  deinit { encoder_model_free(model) }

  private static func read(_ path: String) throws(EncoderError) -> Data {
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw .noFile(path: path, reason: (error as NSError).localizedDescription)
    }
  }

  /// The file with what is wanted of its inside as outputs.
  private static func showing(_ wanted: [String], of bytes: Data, _ graph: ONNXGraph?) -> Data {
    guard let graph else { return bytes }
    let inside = Set(graph.inner)
    var more: [String] = []
    for name in wanted where inside.contains(name) && !more.contains(name) { more.append(name) }
    return more.isEmpty ? bytes : graph.adding(more)
  }

  private static func input(of model: OpaquePointer, _ path: String) throws(EncoderError) -> [Int] {
    var dimensions = [Int64](repeating: 0, count: Int(ENCODER_RANK))
    let (rank, reason) = withSentence { encoder_model_input(model, &dimensions, $0, $1) }
    guard rank >= 0 else { throw .unsuitable(path: path, reason: reason) }
    return dimensions.prefix(Int(rank)).map { Int($0) }
  }

  private static func compile(
    _ model: OpaquePointer, _ preparation: Preparation, _ threads: Int, _ path: String
  ) throws(EncoderError) -> UnsafeMutablePointer<Float> {
    let dimensions = preparation.dimensions
    let (state, reason) = withSentence {
      encoder_model_compile(model, dimensions, Int32(threads), $0, $1)
    }
    guard state == 0 else { throw .unsuitable(path: path, reason: reason) }
    let (values, cause) = withSentence { encoder_model_input_values(model, $0, $1) }
    guard let values else { throw .unsuitable(path: path, reason: cause) }
    // Outputs have shapes once they were computed.
    values.initialize(repeating: 0, count: preparation.shape.count)
    let (first, failure) = withSentence { encoder_model_run(model, $0, $1) }
    guard first == 0 else { throw .unsuitable(path: path, reason: failure) }
    return values
  }

  package func features(of images: ImageBatch) throws -> [ImageFeatures] {
    precondition(images.shape == shape)
    return try images.indices.map { index in
      preparation.prepare(images.pixels(of: index), into: input)
      let (state, reason) = withSentence { encoder_model_run(model, $0, $1) }
      guard state == 0 else { throw EncoderError.failed(path: path, reason: reason) }
      return try outputs.features(path: path)
    }
  }
}
