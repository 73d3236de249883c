import Foundation

/// Where an encoder is, and where what runs it is looked for.
public struct EncoderPlaces: Sendable, Hashable {
  /// The ONNX file; nil for where it was when the model was fitted.
  public var file: String?
  /// OpenVINO's C library, or a folder that holds it; nil to look in the usual places.
  public var library: String?
  /// Folders of Python environments: in their site-packages pip puts OpenVINO.
  public var environments: [String]

  public init(file: String? = nil, library: String? = nil, environments: [String] = []) {
    self.file = file
    self.library = library
    self.environments = environments
  }

  static let libraryName = "libopenvino_c.so"

  /// Folders of a system that libraries are in.
  private static let systems = [
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64", "/usr/local/lib",
    "/opt/intel/openvino/runtime/lib/intel64", "/opt/intel/openvino/runtime/lib/aarch64",
  ]

  /// Folders to look in, in their order.
  var folders: [String] {
    if let library { return [library] }
    return environments.flatMap(Self.packages) + Self.systems
  }

  /// Where pip puts OpenVINO in an environment.
  private static func packages(_ environment: String) -> [String] {
    let lib = "\(environment)/lib"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: lib)) ?? [])
      .filter { $0.hasPrefix("python3") }.sorted().reversed()
    return versions.flatMap { version in
      ["site-packages", "dist-packages"].map { "\(lib)/\(version)/\($0)/openvino/libs" }
    }
  }

  /// The library.
  /// - Throws: `EncoderError.noLibrary`.
  func find() throws(EncoderError) -> String {
    if let library, !isFolder(library) {
      guard FileManager.default.fileExists(atPath: library) else { throw .noLibrary(looked: [library]) }
      return library
    }
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      // Its name alone, or with a version behind: the newest.
      if let name = names.filter({ $0.hasPrefix(Self.libraryName) }).max() { return "\(folder)/\(name)" }
    }
    let none = environments.isEmpty ? [] : environments.map { "\($0)/lib/python3*/*-packages/openvino/libs" }
    throw .noLibrary(looked: library.map { [$0] } ?? none + Self.systems)
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
