"""Files that cannot be read or written: one error for each, whose remedy fits what the system said."""

from __future__ import annotations

import errno
from pathlib import Path

from pipeline.errors import InputError

_READ = {
    errno.ENOENT: "没有这个文件或文件夹: 核对路径与文件名, 有空格的路径请加引号",
    errno.EACCES: "没有读取权限: 请有权限的人把文件权限给你, 或复制到自己的文件夹再试",
    errno.EPERM: "没有读取权限: 请有权限的人把文件权限给你, 或复制到自己的文件夹再试",
    errno.EISDIR: "这是文件夹: 请给出其中的文件",
}
_WRITE = {
    errno.ENOENT: "输出的文件夹不存在: 先建好它, 或输出到已有的文件夹",
    errno.EACCES: "没有写入权限, 或文件正被 Excel、WPS 打开: 关掉它, 或输出到自己的文件夹",
    errno.EPERM: "没有写入权限, 或文件正被 Excel、WPS 打开: 关掉它, 或输出到自己的文件夹",
    errno.ENOSPC: "磁盘满了: 腾出空间, 或输出到别的盘",
    errno.EDQUOT: "磁盘配额用完了: 腾出空间, 或输出到别的盘",
    errno.EROFS: "这个盘只能读: 输出到能写的文件夹",
    errno.ENOTDIR: "路径中间有一段是文件而不是文件夹: 核对输出路径",
    errno.EEXIST: "路径中间有一段是文件而不是文件夹: 核对输出路径",
    errno.EISDIR: "这是文件夹: 输出要写到文件名",
    errno.ENAMETOOLONG: "文件名太长: 把输出的文件名改短",
}


def cannot_read(name: str, error: OSError | None = None, *, code: str = "FQ2002") -> InputError:
    """The error of a file that does not open. `name`: without its folders. Without `error`: it is not there."""
    return InputError(code, "读不到文件", "cannot read the file", seen=name, remedy=how_to_read(error))


def how_to_read(error: OSError | None = None) -> str:
    """What helps where a file does not open. Without `error`: it is not there."""
    return _READ.get(error.errno or 0, "核对路径, 确认磁盘或共享文件夹还连着") if error is not None else _READ[errno.ENOENT]


def cannot_write(code: str, name: str, error: OSError) -> InputError:
    """The error of a file that cannot be written."""
    return InputError(code, "写不了文件", "cannot write the file", seen=name, remedy=_WRITE.get(error.errno or 0, "确认磁盘还连着、没有满, 或输出到别的文件夹"))


def in_the_way(code: str, name: str, error: OSError) -> InputError:
    """The error of a file of which it is not known whether it was to be read or written."""
    remedies = dict.fromkeys(table[error.errno] for table in (_READ, _WRITE) if error.errno in table)
    return InputError(code, "读写不了文件", "cannot use the file", seen=name, remedy="; 或 ".join(remedies) or "核对路径, 确认磁盘还连着、没有满")


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises InputError FQ2002."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path.name, error) from error
